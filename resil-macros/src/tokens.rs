//! Groups, made like others.

use proc_macro2::{Group, TokenStream};

/// A brace group with `content`, spanned as `like` is.
pub(crate) fn braced_like(like: &Group, content: TokenStream) -> Group {
    let mut group = Group::new(like.delimiter(), content);
    group.set_span(like.span());
    group
}
