//! The hygiene of generated names.

use std::cell::Cell;

use proc_macro2::Span;

thread_local! {
    static SITE: Cell<Option<Span>> = const { Cell::new(None) };
}

/// A scope in which generated names have the hygiene of the attribute that `site` stems from.
///
/// rustc names the attribute in which an error originates. The private attribute of a retried
/// function is named after the fix of one particular error, so no other error may originate in it.
pub(crate) struct HygieneScope(());

impl HygieneScope {
    pub(crate) fn enter(site: Option<Span>) -> Self {
        SITE.set(site);
        Self(())
    }
}

impl Drop for HygieneScope {
    fn drop(&mut self) {
        // A span is valid only for the expansion that it was given to.
        SITE.set(None);
    }
}

/// Returns a span for generated names, which user code cannot see; errors are shown at `span`.
pub(crate) fn mixed(span: Span) -> Span {
    let site = SITE.get().unwrap_or_else(Span::mixed_site);
    site.located_at(span)
}
