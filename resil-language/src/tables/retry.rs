//! The options of `#[retry]`, and what other libraries call them.

use super::aliases::FALLBACK;
use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, PatternSubject, Spec};

/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[retry]`",
    options: &[
        Opt::new("constant", Kind::Strategy, ""),
        Opt::new("linear", Kind::Strategy, ""),
        Opt::new("exponential", Kind::Strategy, ""),
        Opt::new("fibonacci", Kind::Strategy, ""),
        Opt::new("max", Kind::Max, "3"),
        Opt::new("base", Kind::Duration, "100ms")
            .instead_of_zero("`delays = [0s]` in its place for no pause"),
        Opt::new("factor", Kind::Number, "2"),
        Opt::new("cap", Kind::Duration, "20s"),
        Opt::new("jitter", Kind::Jitter, "full"),
        Opt::new("delays", Kind::Durations, "[100ms, 1s]"),
        Opt::new("backoff", Kind::Expr, "MyBackoff::new()").in_place_of_strategy(),
        Opt::new("within", Kind::Duration, "30s").limiting(),
        Opt::new("on", Kind::Pattern(ON), "Network(_)"),
        Opt::new(
            "unless",
            Kind::Pattern(PatternSubject::error_opposite_to("on")),
            "Invalid(_)",
        ),
        Opt::new("on_ok", Kind::Pattern(PatternSubject::OK), "Pending"),
        Opt::new("retry_after", Kind::Expr, "MyError::retry_after"),
        Opt::new("clone", Kind::Idents, "request"),
        Opt::new("attempt", Kind::Binding, "n"),
        Opt::new("budget", Kind::Budget, "(capacity = 500, cost = 5)"),
        Opt::new("nested", Kind::Words(&["outer"]), "outer"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    aliases: &[
        Alias {
            names: &[
                "exponential_backoff",
                "exponential_builder",
                "exp",
                "expo",
                "exponential_delay",
                "wait_exponential",
            ],
            target: AliasTarget::Option("exponential", ", by itself"),
        },
        Alias {
            names: &[
                "fixed",
                "fixed_delay",
                "fixed_interval",
                "constant_backoff",
                "constant_builder",
                "uniform",
                "wait_fixed",
            ],
            target: AliasTarget::Option("constant", ", by itself"),
        },
        Alias {
            names: &["linear_backoff", "incremental"],
            target: AliasTarget::Option("linear", ", by itself"),
        },
        Alias {
            names: &["fibonacci_backoff", "fibonacci_builder", "fib"],
            target: AliasTarget::Option("fibonacci", ", by itself"),
        },
        Alias {
            names: &[
                "max_attempts",
                "attempts",
                "max_tries",
                "tries",
                "max_runs",
                "stop_after_attempt",
            ],
            target: AliasTarget::Option("max", ", which counts all runs, the first one included"),
        },
        // backon's `max_times` counts retries, as the others here do.
        Alias {
            names: &[
                "max_retries",
                "retries",
                "max_times",
                "times",
                "num_retries",
                "retry_count",
            ],
            target: AliasTarget::OneMore("max"),
        },
        Alias {
            names: &["multiplier", "exponent_base"],
            target: AliasTarget::Option("factor", ""),
        },
        Alias {
            names: &[
                "initial_interval",
                "initial_delay",
                "min_delay",
                "delay",
                "interval",
                "base_delay",
                "initial_backoff",
                "min_backoff",
                "retry_delay",
                "wait",
                "wait_duration",
                "every",
            ],
            target: AliasTarget::Option("base", ""),
        },
        Alias {
            names: &["max_delay", "max_interval", "max_backoff", "delay_max"],
            target: AliasTarget::Option("cap", ""),
        },
        Alias {
            names: &[
                "max_elapsed",
                "max_elapsed_time",
                "total_delay",
                "max_duration",
                "deadline",
                "stop_after_delay",
            ],
            target: AliasTarget::Option("within", ", which bounds all runs and delays together"),
        },
        Alias {
            names: &[
                "retry_on",
                "when",
                "retry_when",
                "retry_if",
                "if",
                "predicate",
                "should_retry",
                "filter",
                "condition",
                "include",
                "retry_exceptions",
                "retry_for",
                "retry_if_exception",
                "retry_if_exception_type",
                "should_handle",
            ],
            target: AliasTarget::Option("on", ", which takes a pattern"),
        },
        Alias {
            names: &[
                "abort_on",
                "no_retry_on",
                "ignore",
                "ignore_exceptions",
                "exclude",
                "retry_if_not_exception_type",
                "skip",
            ],
            target: AliasTarget::Option("unless", ", which takes a pattern"),
        },
        Alias {
            names: &["retry_on_result", "on_result", "until"],
            target: AliasTarget::Option("on_ok", ", which takes a pattern"),
        },
        Alias {
            names: &["strategy", "kind", "mode"],
            target: AliasTarget::Advice(
                "the strategy is a bare word: write `retry(exponential, ..)`",
            ),
        },
        Alias {
            names: &["attempt_number", "current_attempt", "nth", "iteration"],
            target: AliasTarget::Option("attempt", ", a name that the body may use"),
        },
        Alias {
            names: &[
                "on_retry",
                "notify",
                "before_retry",
                "before_sleep",
                "before",
                "after",
                "on_error",
                "on_failure",
                "on_success",
                "on_failed_attempt",
                "listener",
                "callback",
                "hook",
                "log",
            ],
            target: AliasTarget::Advice(
                "every retry is an event: write `resil::event::subscribe(|event| ..)` at the start of the program",
            ),
        },
        Alias {
            names: &[
                "add_jitter",
                "randomization_factor",
                "randomize",
                "randomized_wait_factor",
                "use_jitter",
                "with_jitter",
            ],
            target: AliasTarget::Option("jitter", ""),
        },
        Alias {
            names: &["stop"],
            target: AliasTarget::Advice(
                "write `max = 3` for so many runs, or `within = 30s` for so much time",
            ),
        },
        Alias {
            names: &["reraise", "retry_error_cls"],
            target: AliasTarget::Advice(
                "remove it: what comes back is the last attempt's own error",
            ),
        },
        Alias {
            names: &["sleep", "sleeper"],
            target: AliasTarget::Advice("remove it: it sleeps on tokio's clock"),
        },
        Alias {
            names: &["circuit", "circuit_breaker", "breaker"],
            target: AliasTarget::Advice(
                "write `#[circuit(name = \"pay\")]` above `#[retry]`: it is an attribute of its own",
            ),
        },
        FALLBACK,
        Alias {
            names: &["timeout", "attempt_timeout"],
            target: AliasTarget::Advice(
                "write `#[timeout(1s)]`: below `#[retry]` it bounds each attempt, above it the whole",
            ),
        },
    ],
    nameless: &[
        (Guess::Number, "max"),
        (Guess::Number, "factor"),
        (Guess::Duration, "base"),
        (Guess::Duration, "cap"),
        (Guess::Percent, "jitter"),
    ],
};

const ON: PatternSubject =
    PatternSubject::error_opposite_to("unless").or_by_default("retry every error");

/// The options of `budget(..)`.
pub static BUDGET: Spec = Spec {
    owner: "`budget`",
    options: &[
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("capacity", Kind::Count, "500"),
        Opt::new("cost", Kind::Count, "5"),
        Opt::new("refill", Kind::Count, "1"),
    ],
    aliases: &[
        Alias {
            names: &["id", "shared"],
            target: AliasTarget::Option("name", ""),
        },
        Alias {
            names: &["tokens", "max_tokens", "size", "max"],
            target: AliasTarget::Option("capacity", ""),
        },
        Alias {
            names: &["retry_cost", "price"],
            target: AliasTarget::Option("cost", ""),
        },
        Alias {
            names: &[
                "refill_rate",
                "refill_units_per_second",
                "per_second",
                "tokens_per_second",
                "rate",
                "replenish",
                "min_per_sec",
            ],
            target: AliasTarget::Option("refill", ", which counts tokens a second"),
        },
    ],
    nameless: &[
        (Guess::Text, "name"),
        (Guess::Number, "capacity"),
        (Guess::Number, "cost"),
        (Guess::Number, "refill"),
    ],
};
