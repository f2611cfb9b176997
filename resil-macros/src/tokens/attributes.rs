//! The attributes of an item, as tokens.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// Splits an item into its outer attributes and the tokens after them.
pub(crate) fn split_attributes(item: TokenStream) -> (Vec<TokenStream>, TokenStream) {
    let mut attrs = Vec::new();
    let mut rest = TokenStream::new();
    let mut tokens = item.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match (&token, tokens.peek()) {
            (TokenTree::Punct(p), Some(TokenTree::Group(g)))
                if p.as_char() == '#' && g.delimiter() == Delimiter::Bracket =>
            {
                let group = TokenTree::Group(Group::clone(g));
                tokens.next();
                attrs.push([token, group].into_iter().collect());
            }
            _ => {
                rest.extend([token]);
                break;
            }
        }
    }
    rest.extend(tokens);
    (attrs, rest)
}

/// Returns the tokens in the brackets of an attribute.
pub(crate) fn bracketed(attr: &TokenStream) -> Option<TokenStream> {
    attr.clone().into_iter().find_map(|t| match t {
        TokenTree::Group(g) => Some(g.stream()),
        _ => None,
    })
}

/// Returns the names in an attribute's path.
pub(crate) fn path_of(attr: &TokenStream) -> Vec<Ident> {
    bracketed(attr)
        .into_iter()
        .flatten()
        .take_while(|t| match t {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(p) => p.as_char() == ':',
            _ => false,
        })
        .filter_map(|t| match t {
            TokenTree::Ident(i) => Some(i),
            _ => None,
        })
        .collect()
}

/// Returns the last name in an attribute's path.
pub(crate) fn last_segment(attr: &TokenStream) -> Option<Ident> {
    path_of(attr).pop()
}
