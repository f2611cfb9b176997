//! The first and the last span of a token stream.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Returns the span of the first token, or the call site's where there is none.
pub(crate) fn first_span(tokens: &TokenStream) -> Span {
    tokens
        .clone()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span())
}

/// Returns the span of the last token (of a group, its closing delimiter), or the call site's where
/// there is none.
pub(crate) fn last_span(tokens: &TokenStream) -> Span {
    tokens
        .clone()
        .into_iter()
        .last()
        .map_or_else(Span::call_site, |tree| match tree {
            TokenTree::Group(group) => group.span_close(),
            other => other.span(),
        })
}
