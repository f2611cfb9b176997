//! Asks a shared stack for its layers.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::reference::Reference;
use crate::diag::{Diag, help};
use crate::shape;
use crate::stack::{APPLY, LayerTokens, Stack, StackEntry};
use crate::tokens::{flat, is_brace, is_ident, mixed};

/// Returns the call of the macro that the stack in `#[apply]` is, if there is an `#[apply]`; the
/// function as it is written behind the messages, if that attribute has a fault.
pub(crate) fn call(stack: &Stack, item: &TokenStream) -> Option<TokenStream> {
    let mut applies = stack.entries.iter().filter_map(|entry| match entry {
        StackEntry::Apply(layer) => Some(layer),
        _ => None,
    });
    let first = applies.next()?;
    let diag = Diag::new();
    for second in applies {
        check_twice(second, &diag);
    }
    if !has_fn(item) {
        shape::not_a_function(stack, item, &diag);
    }
    stack.check_crate_paths(&diag);
    let reference = Reference::read(first, &diag);
    if let Some(errors) = diag.finish() {
        return Some(quote!(#errors #item));
    }
    let Reference { path, name, .. } = reference?;
    let (krate, content) = (stack.krate(), stack.content());
    // The name alone has the user's span: rustc's words about it are all that is shown.
    Some(quote_spanned! {mixed(name.span())=>
        #path! { { #krate::__private::resolve_stack } { { #content } #item } }
    })
}

/// Reports a second `#[apply]`: two stacks may have the same kinds of layers, in an order that no
/// definition shows.
fn check_twice(second: &LayerTokens, diag: &Diag) {
    diag.error_at(
        second.span(),
        help(
            format!("`#[{APPLY}]` stands twice on one function"),
            "define one stack that has the layers of both, in the order that is meant",
        ),
    );
}

/// Whether the item may be a function.
fn has_fn(item: &TokenStream) -> bool {
    let mut tokens = flat(item).into_iter();
    tokens
        .by_ref()
        .take_while(|tree| !is_brace(tree))
        .any(|tree: TokenTree| is_ident(&tree, "fn"))
}
