//! The options of `#[idempotent]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
pub(crate) use resil_language::tables::idempotent::{CONFLICT, ON_ABANDON, SPEC};
use syn::LitStr;

use crate::facts::{Facts, OnlyAsync};
use crate::parse::{Const, Pattern};
use crate::policy::store::Store;

pub(super) const NAME: &str = "idempotent";

/// The heartbeat runs every `lease / 3`. A shorter lease is refused, as timers are not that precise.
pub(super) const SHORTEST_LEASE: Duration = Duration::from_millis(30);

pub(crate) struct Idempotent {
    pub(crate) span: Span,
    /// The parts of the key.
    pub(crate) key: Vec<TokenStream>,
    pub(crate) name: Option<LitStr>,
    pub(crate) ttl: Option<Const<Duration>>,
    pub(crate) lease: Option<Const<Duration>>,
    pub(crate) fingerprint: Option<TokenStream>,
    pub(crate) conflict_reject: bool,
    /// The span of `indeterminate`, if it is written.
    pub(crate) indeterminate: Option<Span>,
    /// The `Ok`s that free the key.
    pub(crate) forget_ok: Option<Pattern>,
    /// The errors that are recorded: all, or those that match.
    pub(crate) errors: Option<Errors>,
    pub(crate) store: Option<Store>,
    pub(crate) version: Option<Const<u32>>,
}

/// The errors that are recorded.
pub(crate) enum Errors {
    All,
    Matching(Pattern),
}

/// Returns the facts of an `#[idempotent]`, with a key or without.
pub(super) fn facts(idempotent: &Idempotent) -> Facts {
    let stored = match &idempotent.errors {
        Some(Errors::Matching(pattern)) => Some(pattern),
        _ => None,
    };
    let mut patterns = stored.into_iter().chain(&idempotent.forget_ok);
    Facts {
        starts_once: idempotent.indeterminate,
        can_refuse: true,
        needs_call_state: true,
        watches_attempts: true,
        replays: true,
        records_errors: idempotent.errors.is_some(),
        uses_arguments_after: patterns.any(|pattern| pattern.guard_names_arguments),
        only_async: idempotent.store.as_ref().map(|store| OnlyAsync {
            span: store.span(),
            why: "a store outside of the process is asked in async code",
            instead: ", or remove `store`: without it keys are kept in memory",
        }),
        ..Facts::new(NAME, idempotent.span)
    }
}
