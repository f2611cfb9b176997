//! The options of `#[idempotent]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use crate::facts::{Facts, OnlyAsync};
use crate::parse::{Alias, AliasTarget, Const, Guess, Kind, Opt, Pattern, PatternSubject, Spec};
use crate::policy::store::Store;

pub(crate) static SPEC: Spec = Spec {
    owner: "`#[idempotent]`",
    options: &[
        Opt::new("key", Kind::Expr, "order.id"),
        Opt::new("name", Kind::Name, "\"charge\""),
        Opt::new("ttl", Kind::Duration, "24h"),
        Opt::new("lease", Kind::Duration, "30s"),
        Opt::new("fingerprint", Kind::Expr, "order.amount"),
        Opt::new("conflict", Kind::Words(&CONFLICT), "reject"),
        Opt::new("on_abandon", Kind::Words(&ON_ABANDON), "indeterminate"),
        Opt::new("forget_ok", Kind::Pattern(PatternSubject::OK), "Pending"),
        Opt::new("errors", Kind::Errors, "store"),
        Opt::new("store", Kind::Store, "\"orders\""),
        Opt::new("version", Kind::Count, "2"),
    ],
    aliases: &[
        Alias {
            names: &[
                "expiry",
                "expires_after",
                "expires_in",
                "retention",
                "time_to_live",
                "cache_for",
            ],
            target: AliasTarget::Option("ttl", ""),
        },
        Alias {
            names: &["key_prefix", "prefix", "scope", "namespace", "operation"],
            target: AliasTarget::Option("name", ""),
        },
        Alias {
            names: &["id", "keys", "by", "idempotency_key"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["hash", "payload", "params", "request_hash"],
            target: AliasTarget::Option("fingerprint", ""),
        },
        Alias {
            names: &["lock", "lock_ttl", "lock_for", "claim_for", "lease_time"],
            target: AliasTarget::Option("lease", ""),
        },
        Alias {
            names: &["backend", "storage", "persistence", "persistence_store"],
            target: AliasTarget::Option("store", ""),
        },
        Alias {
            names: &["on_conflict", "in_progress", "concurrent"],
            target: AliasTarget::Option("conflict", ""),
        },
        Alias {
            names: &["unless_ok", "skip_ok", "forget_if"],
            target: AliasTarget::Option("forget_ok", ", which takes a pattern"),
        },
    ],
    nameless: &[
        (Guess::Expr, "key"),
        (Guess::Duration, "ttl"),
        (Guess::Text, "name"),
    ],
};

pub(super) const NAME: &str = "idempotent";

pub(super) const CONFLICT: [&str; 2] = ["wait", "reject"];
pub(super) const ON_ABANDON: [&str; 2] = ["retry", "indeterminate"];

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
    Facts {
        starts_once: idempotent.indeterminate,
        can_refuse: true,
        needs_call_state: true,
        watches_attempts: true,
        replays: true,
        records_errors: idempotent.errors.is_some(),
        only_async: idempotent.store.as_ref().map(|store| OnlyAsync {
            span: store.span(),
            why: "a store outside of the process is asked in async code",
            instead: ", or remove `store`: without it keys are kept in memory",
        }),
        ..Facts::new(NAME, idempotent.span)
    }
}
