//! The options of `#[retry]`, and what other libraries call them.

use crate::parse::{Asked, Elsewhere, Guess, Here, Kind, Opt, Spec};

/// What comes in place of an error has no attribute.
pub(crate) const FALLBACK: &[&str] = &["fallback", "fallback_method", "default", "recover"];
pub(crate) const NO_FALLBACK: &str = "write it where the function is called: `match charge(&order).await { Err(e) => .., ok => ok }`";

pub(crate) static SPEC: Spec = Spec {
    policy: "`#[retry]`",
    options: &[
        Opt::new("constant", Kind::Strategy, ""),
        Opt::new("linear", Kind::Strategy, ""),
        Opt::new("exponential", Kind::Strategy, ""),
        Opt::new("fibonacci", Kind::Strategy, ""),
        Opt::new("max", Kind::Max, "3"),
        Opt::new("base", Kind::Duration, "100ms"),
        Opt::new("factor", Kind::Number, "2"),
        Opt::new("cap", Kind::Duration, "20s"),
        Opt::new("jitter", Kind::Jitter, "full"),
        Opt::new("delays", Kind::Durations, "[100ms, 1s]"),
        Opt::new("backoff", Kind::Expr, "MyBackoff::new()"),
        Opt::new("within", Kind::Duration, "30s"),
        Opt::new("on", Kind::Pattern(Asked::or("unless")), "Network(_)"),
        Opt::new("unless", Kind::Pattern(Asked::or("on")), "Invalid(_)"),
        Opt::new("on_ok", Kind::Pattern(Asked::OF_OK), "Pending"),
        Opt::new("retry_after", Kind::Expr, "MyError::retry_after"),
        Opt::new("clone", Kind::Idents, "request"),
        Opt::new("attempt", Kind::Binding, "n"),
        Opt::new("budget", Kind::Budget, "(capacity = 500, cost = 5)"),
        Opt::new("nested", Kind::Words(&["outer"]), "outer"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    elsewhere: &[
        Elsewhere {
            names: &[
                "exponential_backoff",
                "exponential_builder",
                "exp",
                "expo",
                "exponential_delay",
                "wait_exponential",
            ],
            here: Here::Named("exponential", ", by itself"),
        },
        Elsewhere {
            names: &[
                "fixed",
                "fixed_delay",
                "fixed_interval",
                "constant_backoff",
                "constant_builder",
                "uniform",
                "wait_fixed",
            ],
            here: Here::Named("constant", ", by itself"),
        },
        Elsewhere {
            names: &["linear_backoff", "incremental"],
            here: Here::Named("linear", ", by itself"),
        },
        Elsewhere {
            names: &["fibonacci_backoff", "fibonacci_builder", "fib"],
            here: Here::Named("fibonacci", ", by itself"),
        },
        Elsewhere {
            names: &[
                "max_attempts",
                "attempts",
                "max_tries",
                "tries",
                "max_runs",
                "stop_after_attempt",
            ],
            here: Here::Named("max", ", which counts all runs, the first one included"),
        },
        // backon's `max_times` counts retries, as the others here do.
        Elsewhere {
            names: &[
                "max_retries",
                "retries",
                "max_times",
                "times",
                "num_retries",
                "retry_count",
            ],
            here: Here::OneMore("max"),
        },
        Elsewhere {
            names: &["multiplier", "exponent_base"],
            here: Here::Named("factor", ""),
        },
        Elsewhere {
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
            here: Here::Named("base", ""),
        },
        Elsewhere {
            names: &["max_delay", "max_interval", "max_backoff", "delay_max"],
            here: Here::Named("cap", ""),
        },
        Elsewhere {
            names: &[
                "max_elapsed",
                "max_elapsed_time",
                "total_delay",
                "max_duration",
                "deadline",
                "stop_after_delay",
            ],
            here: Here::Named("within", ", which bounds all runs and delays together"),
        },
        Elsewhere {
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
            here: Here::Named("on", ", which takes a pattern"),
        },
        Elsewhere {
            names: &[
                "abort_on",
                "no_retry_on",
                "ignore",
                "ignore_exceptions",
                "exclude",
                "retry_if_not_exception_type",
                "skip",
            ],
            here: Here::Named("unless", ", which takes a pattern"),
        },
        Elsewhere {
            names: &["retry_on_result", "on_result", "until"],
            here: Here::Named("on_ok", ", which takes a pattern"),
        },
        Elsewhere {
            names: &["strategy", "kind", "mode"],
            here: Here::Say("the strategy is a bare word: write `retry(exponential, ..)`"),
        },
        Elsewhere {
            names: &["attempt_number", "current_attempt", "nth", "iteration"],
            here: Here::Named("attempt", ", a name that the body may use"),
        },
        Elsewhere {
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
            here: Here::Say(
                "every retry is an event: write `resil::event::subscribe(|event| ..)` at the start of the program",
            ),
        },
        Elsewhere {
            names: &[
                "add_jitter",
                "randomization_factor",
                "randomize",
                "randomized_wait_factor",
                "use_jitter",
                "with_jitter",
            ],
            here: Here::Named("jitter", ""),
        },
        Elsewhere {
            names: &["stop"],
            here: Here::Say("write `max = 3` for so many runs, or `within = 30s` for so much time"),
        },
        Elsewhere {
            names: &["reraise", "retry_error_cls"],
            here: Here::Say("remove it: what comes back is the last attempt's own error"),
        },
        Elsewhere {
            names: &["sleep", "sleeper"],
            here: Here::Say("remove it: it sleeps on tokio's clock"),
        },
        Elsewhere {
            names: &["circuit", "circuit_breaker", "breaker"],
            here: Here::Say(
                "write `#[circuit(name = \"pay\")]` above `#[retry]`: it is an attribute of its own",
            ),
        },
        Elsewhere {
            names: FALLBACK,
            here: Here::Say(NO_FALLBACK),
        },
        Elsewhere {
            names: &["timeout", "attempt_timeout"],
            here: Here::Say(
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

/// The options of `budget(..)`.
pub(crate) static BUDGET: Spec = Spec {
    policy: "`budget`",
    options: &[
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("capacity", Kind::Count, "500"),
        Opt::new("cost", Kind::Count, "5"),
        Opt::new("refill", Kind::Count, "1"),
    ],
    elsewhere: &[
        Elsewhere {
            names: &["id", "shared"],
            here: Here::Named("name", ""),
        },
        Elsewhere {
            names: &["tokens", "max_tokens", "size", "max"],
            here: Here::Named("capacity", ""),
        },
        Elsewhere {
            names: &["retry_cost", "price"],
            here: Here::Named("cost", ""),
        },
        Elsewhere {
            names: &[
                "refill_rate",
                "refill_units_per_second",
                "per_second",
                "tokens_per_second",
                "rate",
                "replenish",
                "min_per_sec",
            ],
            here: Here::Named("refill", ", which counts tokens a second"),
        },
    ],
    nameless: &[
        (Guess::Text, "name"),
        (Guess::Number, "capacity"),
        (Guess::Number, "cost"),
        (Guess::Number, "refill"),
    ],
};
