//! The options of `#[rate_limit]`, and what other libraries call them.

use super::aliases::FALLBACK;
use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, Spec};

pub const ON_OUTAGE: [&str; 3] = ["open", "closed", "local"];

/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[rate_limit]`",
    options: &[
        Opt::new("max", Kind::Count, "100"),
        Opt::new("per", Kind::Duration, "1s"),
        Opt::new("burst", Kind::Count, "20"),
        Opt::new("wait", Kind::Duration, "100ms")
            .instead_of_zero("remove it: without it no call waits"),
        Opt::new("cost", Kind::Expr, "batch.len() as u32"),
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("key", Kind::Expr, "tenant"),
        Opt::new("max_keys", Kind::Count, "10_000"),
        Opt::new("store", Kind::Store, "\"shared\""),
        Opt::new("on_outage", Kind::Words(&ON_OUTAGE), "closed"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    aliases: &[
        Alias {
            names: &[
                "limit",
                "limit_for_period",
                "rate",
                "calls",
                "max_calls",
                "requests",
                "max_requests",
                "max_executions",
                "num",
                "permit_limit",
                "permits",
                "quota",
            ],
            target: AliasTarget::Option("max", ", with `per = 1s` beside it"),
        },
        Alias {
            names: &[
                "period",
                "interval",
                "window",
                "every",
                "duration",
                "refresh_period",
                "limit_refresh_period",
                "replenishment_period",
                "time_window",
            ],
            target: AliasTarget::Option("per", ""),
        },
        Alias {
            names: &[
                "per_second",
                "per_minute",
                "per_hour",
                "max_per_second",
                "requests_per_second",
                "calls_per_second",
                "rps",
                "qps",
                "rpm",
            ],
            target: AliasTarget::Advice("write `max = 100, per = 1s`"),
        },
        Alias {
            names: &[
                "burst_size",
                "max_burst",
                "capacity",
                "bucket",
                "bucket_size",
                "allow_burst",
            ],
            target: AliasTarget::Option("burst", ""),
        },
        Alias {
            names: &[
                "max_wait",
                "max_wait_time",
                "wait_time",
                "wait_timeout",
                "max_delay",
                "timeout_duration",
                "delay",
            ],
            target: AliasTarget::Option(
                "wait",
                ", the longest time that a call waits for its turn",
            ),
        },
        Alias {
            names: &["timeout"],
            target: AliasTarget::Advice(
                "write `wait = 100ms` for the longest time that a call waits for its turn, or `#[timeout(1s)]` to bound the call",
            ),
        },
        Alias {
            names: &["queue", "queue_limit", "queue_size", "max_queue"],
            target: AliasTarget::Advice(
                "write `wait = 100ms`: a call that is too early waits for its turn, at most so long",
            ),
        },
        Alias {
            names: &["weight", "tokens", "amount", "permits_per_call", "units"],
            target: AliasTarget::Option("cost", ""),
        },
        Alias {
            names: &["by", "keyed_by", "partition_by", "per_key", "partition"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["max_entries", "key_limit", "max_limiters"],
            target: AliasTarget::Option("max_keys", ""),
        },
        Alias {
            names: &["config", "settings", "preset"],
            target: AliasTarget::Option("policy", ", which takes a `RateLimitPolicy`"),
        },
        Alias {
            names: &["id", "group", "limiter"],
            target: AliasTarget::Option("name", ""),
        },
        Alias {
            names: &["backend", "storage"],
            target: AliasTarget::Option("store", ""),
        },
        Alias {
            names: &["storage_uri", "redis", "distributed", "global", "cluster"],
            target: AliasTarget::Advice(
                "write `store = \"shared\"`, the name of a store that is installed at start",
            ),
        },
        Alias {
            names: &["fail_open", "fail_closed", "on_failure", "skip_failing"],
            target: AliasTarget::Advice(
                "write `on_outage = open`, `on_outage = closed` or `on_outage = local`",
            ),
        },
        FALLBACK,
    ],
    nameless: &[
        (Guess::Number, "max"),
        (Guess::Duration, "per"),
        (Guess::Text, "name"),
    ],
};
