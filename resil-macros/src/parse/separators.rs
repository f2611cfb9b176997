//! Reports a `;` where a comma belongs.

use proc_macro2::{Punct, Spacing, TokenStream, TokenTree};

use super::context::ParseContext;
use super::messages;
use crate::tokens::is_punct;

/// Reports every `;` as a fault, and puts a comma in its place where one is needed. A `;` in a
/// block or an array is inside a group, and so is not seen.
pub(crate) fn with_commas(tokens: TokenStream, what: &str, cx: &ParseContext<'_>) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if !is_punct(&tree, ';') {
            out.push(tree);
            continue;
        }
        let parts = |tree: Option<&TokenTree>| tree.is_some_and(|tree| !is_separator(tree));
        let needed = parts(out.last()) && parts(trees.peek());
        cx.diag.error(&tree, messages::semicolon(what, needed));
        if needed {
            let mut comma = Punct::new(',', Spacing::Alone);
            comma.set_span(tree.span());
            out.push(comma.into());
        }
    }
    out.into_iter().collect()
}

fn is_separator(tree: &TokenTree) -> bool {
    is_punct(tree, ',') || is_punct(tree, ';')
}
