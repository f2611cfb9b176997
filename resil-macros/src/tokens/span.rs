//! The first and the last span of a token stream, and the place of a span.

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

/// Whether two spans begin at the same place of the source. Outside of rustc the places are not known, and
/// none is the same.
pub(crate) fn same_place(one: Span, other: Span) -> bool {
    #[cfg(test)]
    if !proc_macro::is_available() {
        return one.byte_range() == other.byte_range();
    }
    if !proc_macro::is_available() {
        return false;
    }
    let (one, other) = (one.unwrap(), other.unwrap());
    // An editor's macro server knows no lines, and gives an empty name.
    let file = one.file();
    (one.line(), one.column()) == (other.line(), other.column())
        && !file.is_empty()
        && file == other.file()
}
