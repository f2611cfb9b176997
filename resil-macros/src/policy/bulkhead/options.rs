//! The options of `#[bulkhead]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use super::adaptive::Adaptive;
use crate::parse::{Alias, AliasTarget, Const, Guess, Kind, Opt, Spec};
use crate::policy::aliases::FALLBACK;

pub(crate) static SPEC: Spec = Spec {
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

pub(crate) struct Bulkhead {
    pub(crate) span: Span,
    pub(crate) name: Option<LitStr>,
    pub(crate) max: Option<Const<u32>>,
    pub(crate) queue: Option<Const<u32>>,
    pub(crate) wait: Option<Const<Duration>>,
    pub(crate) adaptive: Option<Adaptive>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    /// The user's `BulkheadPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    pub(super) written: Written,
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) name: bool,
    pub(super) key: bool,
    /// Whether `policy` is written. Then an option that is not written is not its default, but
    /// unknown.
    pub(super) policy: bool,
    pub(super) max: Option<Span>,
    pub(super) queue: Option<Span>,
    pub(super) wait: Option<Span>,
    pub(super) adaptive: Option<Span>,
    pub(super) max_keys: Option<Span>,
}

impl Bulkhead {
    /// Whether a call may wait for a place, as far as the options tell: the settings may be those of a
    /// policy, or of another function that gives the name.
    pub(super) fn may_wait(&self) -> bool {
        match &self.queue {
            Some(queue) => queue.literal() != Some(&0),
            None => self.policy.is_some() || self.has_name_alone(),
        }
    }

    /// Whether the limit may be learned from the calls.
    pub(super) fn learns(&self) -> bool {
        self.adaptive.is_some()
            || self.max.is_none() && (self.policy.is_some() || self.has_name_alone())
    }

    /// Whether the settings are those of the others that give the name.
    fn has_name_alone(&self) -> bool {
        self.name.is_some() && self.policy.is_none() && self.settings().is_empty()
    }
}
