//! The argument of `#[timeout(5s)]`: one duration, without a name.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};

use crate::facts::{Bound, Facts, OnlyAsync};
use crate::parse::{DurationValue, Spec};

/// There are no named options; messages use the table to name the attribute.
pub(crate) static SPEC: Spec = Spec {
    owner: "`#[timeout]`",
    options: &[],
    aliases: &[],
    nameless: &[],
};

pub(super) const NAME: &str = "timeout";
pub(super) const EXAMPLE: &str = "5s";

/// Other libraries' names for the option, with the unit of its number.
pub(super) const UNIT_NAMES: [(&str, &str); 10] = [
    ("ms", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("timeout_ms", "ms"),
    ("s", "s"),
    ("secs", "s"),
    ("seconds", "s"),
    ("timeout_secs", "s"),
    ("us", "us"),
    ("minutes", "m"),
];

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
