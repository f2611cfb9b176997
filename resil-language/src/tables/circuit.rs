//! The options of `#[circuit]`, and what other libraries call them.

use super::aliases::FALLBACK;
use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, PatternSubject, Spec};

/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[circuit]`",
    options: &[
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("failures", Kind::Count, "5"),
        Opt::new("failure_rate", Kind::Ratio, "50%"),
        Opt::new("window", Kind::Window, "100"),
        Opt::new("min_calls", Kind::Count, "20"),
        Opt::new("slow", Kind::Duration, "2s").limiting(),
        Opt::new("slow_rate", Kind::Ratio, "100%"),
        Opt::new("open_for", Kind::Duration, "30s"),
        Opt::new("open_max", Kind::Duration, "5m"),
        Opt::new("probes", Kind::Count, "1"),
        Opt::new("on", Kind::Pattern(ON), "Network(_)"),
        Opt::new(
            "ignore",
            Kind::Pattern(PatternSubject::error_opposite_to("on")),
            "NotFound",
        ),
        Opt::new(
            "on_ok",
            Kind::Pattern(PatternSubject::OK),
            "Reply { ok: false, .. }",
        ),
        Opt::new("key", Kind::Expr, "host"),
        Opt::new("max_keys", Kind::Count, "10_000"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    aliases: &[
        Alias {
            names: &["threshold", "failure_threshold", "rate", "error_threshold"],
            target: AliasTarget::CountOrRatio("failures", "failure_rate", NOTE),
        },
        Alias {
            names: &["max_failures", "consecutive_failures", "failure_count"],
            target: AliasTarget::Option("failures", ", which counts failures in a row"),
        },
        Alias {
            names: &["failure_rate_threshold", "error_rate", "failure_ratio"],
            target: AliasTarget::Option("failure_rate", ""),
        },
        Alias {
            names: &["timeout", "call_timeout"],
            target: AliasTarget::Advice(
                "write `#[timeout(1s)]` below it to bound each call; how long it stays open is `open_for = 30s`",
            ),
        },
        Alias {
            names: &[
                "reset_timeout",
                "wait_duration",
                "cooldown",
                "break_duration",
                "open_duration",
                "recovery_timeout",
                "wait_duration_in_open_state",
                "half_open_after",
                "half_open_timeout",
                "duration_of_break",
                "sleep_window",
                "open_timeout",
            ],
            target: AliasTarget::Option("open_for", ""),
        },
        Alias {
            names: &["max_open", "max_cooldown", "max_wait_duration"],
            target: AliasTarget::Option("open_max", ""),
        },
        Alias {
            names: &[
                "half_open",
                "half_open_max_calls",
                "half_open_max_requests",
                "half_open_requests",
                "success_threshold",
                "permitted_calls",
                "half_open_calls",
                "permitted_number_of_calls_in_half_open_state",
            ],
            target: AliasTarget::Option("probes", ""),
        },
        Alias {
            names: &[
                "minimum_number_of_calls",
                "volume_threshold",
                "minimum_calls",
                "min_throughput",
            ],
            target: AliasTarget::Option("min_calls", ""),
        },
        Alias {
            names: &["sliding_window_size", "window_size", "rolling_window"],
            target: AliasTarget::Option("window", ", a count of calls or a duration"),
        },
        Alias {
            names: &["sliding_window_type"],
            target: AliasTarget::Advice(
                "write `window = 100` for so many calls, or `window = 10s` for so much time",
            ),
        },
        FALLBACK,
        Alias {
            names: &["slow_call_duration_threshold", "slow_call_duration"],
            target: AliasTarget::Option("slow", ""),
        },
        Alias {
            names: &["slow_call_rate_threshold", "slow_call_rate"],
            target: AliasTarget::Option("slow_rate", ""),
        },
        Alias {
            names: &[
                "record",
                "when",
                "failure_on",
                "record_exceptions",
                "failure_predicate",
                "is_failure",
                "is_error",
                "should_handle",
                "predicate",
                "filter",
                "condition",
                "if",
            ],
            target: AliasTarget::Option("on", ", which takes a pattern"),
        },
        Alias {
            names: &[
                "on_result",
                "record_result",
                "handle_result",
                "failure_on_result",
            ],
            target: AliasTarget::Option("on_ok", ", which takes a pattern"),
        },
        Alias {
            names: &["unless", "ignore_exceptions", "exclude", "skip"],
            target: AliasTarget::Option("ignore", ", which takes a pattern"),
        },
        Alias {
            names: &["by", "per", "keyed_by", "partition_by"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["max_breakers", "key_limit", "max_entries"],
            target: AliasTarget::Option("max_keys", ""),
        },
        Alias {
            names: &["config", "settings", "preset"],
            target: AliasTarget::Option("policy", ", which takes a `CircuitPolicy`"),
        },
        Alias {
            names: &["id", "group", "breaker"],
            target: AliasTarget::Option("name", ""),
        },
    ],
    nameless: &[
        (Guess::Text, "name"),
        (Guess::Number, "failures"),
        (Guess::Percent, "failure_rate"),
        (Guess::Duration, "open_for"),
    ],
};

const ON: PatternSubject =
    PatternSubject::error_opposite_to("ignore").or_by_default("count every error");

/// The note for names that may mean either option.
const NOTE: &str = "; `failures` counts failures in a row, `failure_rate` is a share of the calls";
