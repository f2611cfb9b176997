//! Token streams as rustc hands them over: opening invisible groups, splitting at commas.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// `tokens` without the invisible groups that `macro_rules!` puts around its fragments, at this
/// level: a literal out of `$d:literal` then is a literal.
pub(crate) fn open_groups(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|t| match t {
            TokenTree::Group(g) if g.delimiter() == Delimiter::None => open_groups(g.stream()),
            other => TokenStream::from(other),
        })
        .collect()
}

/// The parts between top-level commas, without an empty last one.
pub(crate) fn split_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(p), _) if p.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => part.extend([token]),
            _ => {}
        }
    }
    if parts.last().is_some_and(TokenStream::is_empty) {
        parts.pop();
    }
    parts
}

/// A brace group with `content`, spanned as `like` is.
pub(crate) fn braced_like(like: &Group, content: TokenStream) -> Group {
    let mut group = Group::new(like.delimiter(), content);
    group.set_span(like.span());
    group
}
