//! A layer's arguments cut into its options, whatever stands between or around them.
//!
//! A `;` for a comma, a comma too many or none at all, brackets around the whole: each is a fault
//! once, and then read as if it were right, so that what is inside has its own faults told too.

use proc_macro2::{Delimiter, Punct, Spacing, Span, TokenStream, TokenTree};

use super::args::{Item, item};
use super::split::{Piece, at_commas, collect, flat, inside, is_equals, is_punct, open, shown};
use super::table::{Kind, Spec};
use super::value::Form;
use super::wording;
use crate::policy::Ctx;

/// The words behind which an expression or a pattern goes on with a name.
const GOES_ON: [&str; 22] = [
    "as", "async", "break", "const", "dyn", "else", "for", "if", "impl", "in", "let", "loop",
    "match", "move", "mut", "raw", "ref", "return", "static", "unsafe", "while", "yield",
];

/// The pieces between commas, without `crate = path`, which is the stack's own.
pub(crate) fn pieces(tokens: TokenStream, spec: &Spec, cx: &Ctx<'_>) -> Vec<TokenStream> {
    let mut pieces = Vec::new();
    for Piece { tokens, comma } in at_commas(with_commas(tokens, "options", cx)) {
        if tokens.is_empty() {
            let span = comma.unwrap_or_else(Span::call_site);
            cx.diag.error_at(span, wording::comma_too_many());
        } else if crate_path(&tokens).is_none() {
            for part in at_missing_commas(tokens, spec, cx) {
                match in_brackets(&part, spec) {
                    Some(content) => {
                        let message = wording::in_brackets(&shown(&part), &shown(&content));
                        cx.diag.error(&part, message);
                        pieces.extend(self::pieces(content, spec, cx));
                    }
                    None => pieces.push(part),
                }
            }
        }
    }
    pieces
}

/// The path in `crate = path` or `crate(path)`; the word itself where it has none.
pub(crate) fn crate_path(piece: &TokenStream) -> Option<TokenStream> {
    let trees = flat(piece);
    let path = match trees.as_slice() {
        [TokenTree::Ident(word)] if word == "crate" => TokenStream::new(),
        [TokenTree::Ident(word), TokenTree::Group(path)]
            if word == "crate" && path.delimiter() == Delimiter::Parenthesis =>
        {
            path.stream()
        }
        [TokenTree::Ident(word), _, path @ ..] if word == "crate" && is_equals(&trees, 1) => {
            collect(path)
        }
        _ => return None,
    };
    Some(if path.is_empty() { piece.clone() } else { path })
}

/// Every `;` is a fault, and a comma from then on. (One in a block or an array is in a group.)
pub(super) fn with_commas(tokens: TokenStream, what: &str, cx: &Ctx<'_>) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if !is_punct(&tree, ';') {
            out.push(tree);
            continue;
        }
        let parts = |tree: Option<&TokenTree>| tree.is_some_and(|tree| !is_separator(tree));
        let needed = parts(out.last()) && parts(trees.peek());
        cx.diag.error(&tree, wording::semicolon(what, needed));
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

/// `max = 5 base = 1s`, `base = 1s jitter`: a fault once, and then read as if the comma were there.
fn at_missing_commas(tokens: TokenStream, spec: &Spec, cx: &Ctx<'_>) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..trees.len() {
        let TokenTree::Ident(ident) = &trees[at] else {
            continue;
        };
        let ends_value = match &trees[at - 1] {
            TokenTree::Ident(word) => !GOES_ON.iter().any(|w| word == w),
            TokenTree::Punct(punct) => punct.as_char() == '%',
            TokenTree::Group(_) | TokenTree::Literal(_) => true,
        };
        let name = ident.to_string();
        // `max five` is an option badly attached to its value.
        let wants_value = at == start + 1
            && matches!(&trees[start], TokenTree::Ident(word) if !is_flag(spec, &word.to_string()));
        let known = spec.option(&name).is_some() && (!wants_value || is_flag(spec, &name));
        // No expression goes on so, whatever the name is.
        if ends_value && (known || is_equals(&trees, at + 1)) {
            let form = match trees.get(at + 1) {
                Some(_) if is_equals(&trees, at + 1) => " = ..",
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    "(..)"
                }
                _ => "",
            };
            // Without options there is nothing to part: the piece itself is the fault.
            if !spec.options.is_empty() {
                cx.diag.error(ident, wording::comma_missing(&name, form));
            }
            pieces.push(collect(&trees[start..at]));
            start = at;
        }
    }
    pieces.push(collect(&trees[start..]));
    pieces
}

/// Whether that option may stand as a bare word.
fn is_flag(spec: &Spec, name: &str) -> bool {
    let option = spec.option(name);
    option.is_some_and(|option| matches!(option.kind, Kind::Strategy | Kind::Jitter))
}

/// The options that stand in brackets of their own: `(max = 5)`. A tuple of values holds no names.
fn in_brackets(piece: &TokenStream, spec: &Spec) -> Option<TokenStream> {
    let mut content = any_brackets(piece)?;
    while let Some(inner) = any_brackets(&content) {
        content = inner;
    }
    let is_option = |piece: Piece| match item(piece.tokens) {
        Item::Named { ident, form, .. } => {
            let name = ident.to_string();
            match form {
                Form::Flag => is_flag(spec, &name),
                Form::Equals => spec.knows(&name),
                Form::Parens => spec.option(&name).is_some(),
            }
        }
        Item::Nameless(_) => false,
    };
    at_commas(content.clone())
        .into_iter()
        .any(is_option)
        .then(|| open(content))
}

fn any_brackets(tokens: &TokenStream) -> Option<TokenStream> {
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket]
        .into_iter()
        .find_map(|delimiter| inside(tokens, delimiter))
}
