//! Groups, made like others, and the hygiene of what is generated.

use std::cell::Cell;

use proc_macro2::{Group, Span, TokenStream};

thread_local! {
    static SITE: Cell<Option<Span>> = const { Cell::new(None) };
}

/// While it lives, generated names are those of the attribute that `site` stems from.
///
/// rustc tells which attribute an error originates in. The private one of a retried function bears
/// the mend of one error for a name, and is to be named for no other.
pub(crate) struct SiteOf(());

impl SiteOf {
    pub(crate) fn set(site: Option<Span>) -> Self {
        SITE.set(site);
        Self(())
    }
}

impl Drop for SiteOf {
    fn drop(&mut self) {
        // A span is good for the expansion that it was given to.
        SITE.set(None);
    }
}

/// Our locals, seen by nobody else, shown at `span`.
pub(crate) fn mixed(span: Span) -> Span {
    let site = SITE.get().unwrap_or_else(Span::mixed_site);
    site.located_at(span)
}

/// A brace group with `content`, spanned as `like` is.
pub(crate) fn braced_like(like: &Group, content: TokenStream) -> Group {
    let mut group = Group::new(like.delimiter(), content);
    group.set_span(like.span());
    group
}
