//! The options of `#[bulkhead]`, and what other libraries call them.

use super::aliases::FALLBACK;
use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, Spec};

/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[bulkhead]`",
    options: &[
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("max", Kind::Count, "16"),
        Opt::new("queue", Kind::Count, "64"),
        Opt::new("wait", Kind::Duration, "100ms").limiting(),
        Opt::new("adaptive", Kind::Adaptive, "(max = 200)"),
        Opt::new("key", Kind::Expr, "host"),
        Opt::new("max_keys", Kind::Count, "10_000"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    aliases: &[
        Alias {
            names: &[
                "max_concurrent_calls",
                "max_concurrent",
                "max_concurrency",
                "max_concurrent_requests",
                "max_parallelization",
                "concurrency",
                "permits",
                "max_inflight",
                "max_in_flight",
                "parallelism",
            ],
            target: AliasTarget::Option("max", ""),
        },
        Alias {
            names: &[
                "max_queuing_actions",
                "waiting_task_queue",
                "queue_capacity",
                "queue_size",
                "queue_depth",
                "max_queue",
                "max_queue_size",
                "max_queue_length",
                "max_pending",
                "max_waiting",
                "waiting",
                "backlog",
            ],
            target: AliasTarget::Option("queue", ", the number of calls that may wait"),
        },
        Alias {
            names: &[
                "max_wait_duration",
                "max_wait_time",
                "max_wait",
                "wait_timeout",
                "wait_duration",
                "queue_timeout",
                "acquire_timeout",
                "permit_timeout",
            ],
            target: AliasTarget::Option("wait", ""),
        },
        Alias {
            names: &["timeout", "call_timeout"],
            target: AliasTarget::Advice(
                "write `#[timeout(1s)]` below it to bound each call; the longest wait for a place is `wait = 100ms`",
            ),
        },
        Alias {
            names: &["dynamic", "auto", "gradient", "gradient2", "aimd", "vegas"],
            target: AliasTarget::Option("adaptive", ""),
        },
        Alias {
            names: &["min_limit", "initial_limit", "max_limit", "start", "min"],
            target: AliasTarget::Advice(
                "write `adaptive(min = 1, start = 16, max = 1000)` for a limit that is found, or `max = 16` for a fixed one",
            ),
        },
        Alias {
            names: &["fair", "fair_call_handling_enabled", "fairness", "fifo"],
            target: AliasTarget::Advice(
                "remove it: calls are always served first come, first served",
            ),
        },
        FALLBACK,
        Alias {
            names: &["by", "per", "keyed_by", "partition_by"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["max_bulkheads", "key_limit", "max_entries"],
            target: AliasTarget::Option("max_keys", ""),
        },
        Alias {
            names: &["config", "settings", "preset"],
            target: AliasTarget::Option("policy", ", which takes a `BulkheadPolicy`"),
        },
        Alias {
            names: &["id", "group", "pool", "compartment"],
            target: AliasTarget::Option("name", ""),
        },
    ],
    nameless: &[
        (Guess::Text, "name"),
        (Guess::Number, "max"),
        (Guess::Duration, "wait"),
    ],
};

/// The options of `adaptive(..)`.
pub static ADAPTIVE: Spec = Spec {
    owner: "`adaptive`",
    options: &[
        Opt::new("min", Kind::Count, "1"),
        Opt::new("start", Kind::Count, "16"),
        Opt::new("max", Kind::Count, "1000"),
    ],
    aliases: &[
        Alias {
            names: &["min_limit", "minimum", "least", "floor"],
            target: AliasTarget::Option("min", ""),
        },
        Alias {
            names: &["initial", "initial_limit", "begin", "from"],
            target: AliasTarget::Option("start", ""),
        },
        Alias {
            names: &["max_limit", "maximum", "most", "ceiling", "max_concurrency"],
            target: AliasTarget::Option("max", ""),
        },
    ],
    nameless: &[
        (Guess::Number, "start"),
        (Guess::Number, "max"),
        (Guess::Number, "min"),
    ],
};
