//! The argument of `#[timeout(5s)]`: one duration, without a name.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
pub(crate) use resil_language::tables::timeout::{SPEC, UNIT_NAMES};

use crate::facts::{Bound, Facts, OnlyAsync};
use crate::parse::DurationValue;

pub(super) const NAME: &str = "timeout";
pub(super) const EXAMPLE: &str = "5s";

pub(crate) struct Timeout {
    pub(crate) span: Span,
    pub(crate) limit: DurationValue,
}

/// Returns the facts of a timeout with that limit.
pub(super) fn facts(span: Span, limit: Option<Duration>, tokens: TokenStream) -> Facts {
    Facts {
        once: false,
        bound: Some(Bound { limit, tokens }),
        can_refuse: true,
        only_async: Some(OnlyAsync {
            span,
            why: "nothing can interrupt a thread",
            instead: " with `tokio::task::spawn_blocking(..)` around the code that blocks, or ask \
                      `resil::Deadline::current()` in the body",
        }),
        ..Facts::new(NAME, span)
    }
}
