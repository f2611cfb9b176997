//! The options of `#[idempotent]`, and what other libraries call them.

use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, PatternSubject, Spec};

pub const CONFLICT: [&str; 2] = ["wait", "reject"];

pub const ON_ABANDON: [&str; 2] = ["retry", "indeterminate"];

/// The table.
pub static SPEC: Spec = Spec {
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
