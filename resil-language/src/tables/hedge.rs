//! The options of `#[hedge]`, and what other libraries call them.

use std::ops::RangeInclusive;

use super::aliases::FALLBACK;
use crate::table::{Alias, AliasTarget, Guess, Kind, Opt, PatternSubject, Spec};

/// The table.
pub static SPEC: Spec = Spec {
    owner: "`#[hedge]`",
    options: &[
        Opt::new("after", Kind::Delay, "50ms"),
        Opt::new("max", Kind::Count, "2"),
        Opt::new("budget", Kind::RatioOrOff, "10%"),
        Opt::new("on", Kind::Pattern(ON), "Network(_)"),
        Opt::new(
            "unless",
            Kind::Pattern(PatternSubject::error_opposite_to("on")),
            "Invalid(_)",
        ),
        Opt::new("clone", Kind::Idents, "request"),
        Opt::new("policy", Kind::Expr, "POLICY"),
    ],
    aliases: &[
        Alias {
            names: &[
                "delay",
                "hedging_delay",
                "hedge_delay",
                "delay_generator",
                "max_delay",
                "wait",
                "latency",
                "interval",
                "base",
                "every",
            ],
            target: AliasTarget::Option("after", ""),
        },
        Alias {
            names: PERCENTILE_NAMES[0],
            target: AliasTarget::Advice(
                "write `after = p95`: the share of the latest successes that took no longer",
            ),
        },
        Alias {
            names: PERCENTILE_NAMES[1],
            target: AliasTarget::Advice("write it behind `after`: `after = p95`"),
        },
        Alias {
            names: &["min_data_points", "min_samples", "warmup", "min_requests"],
            target: AliasTarget::Advice(
                "remove it: a percentile is known after 100 successes, and `after = p95(default = 50ms)` says when until then",
            ),
        },
        Alias {
            names: &["default", "default_delay", "initial_delay"],
            target: AliasTarget::Advice(
                "write it behind the percentile: `after = p95(default = 50ms)`",
            ),
        },
        Alias {
            names: &["period", "window"],
            target: AliasTarget::Advice(
                "remove it: a percentile is that of the latest 1000 to 2000 successes",
            ),
        },
        Alias {
            names: &[
                "max_attempts",
                "attempts",
                "max_copies",
                "copies",
                "max_requests",
                "max_runs",
                "n",
            ],
            target: AliasTarget::Option("max", ", which counts all copies, the first one included"),
        },
        Alias {
            names: &[
                "max_hedged_attempts",
                "max_hedges",
                "hedges",
                "max_hedged_requests",
                "backups",
                "max_extra",
            ],
            target: AliasTarget::OneMore("max"),
        },
        Alias {
            names: &[
                "ratio",
                "rate",
                "max_load",
                "max_extra_load",
                "extra_load",
                "budget_percent",
                "hedging_budget",
            ],
            target: AliasTarget::Option("budget", ", a share of the calls"),
        },
        Alias {
            names: &[
                "non_fatal",
                "non_fatal_status_codes",
                "should_handle",
                "retry_on",
                "when",
                "if",
                "predicate",
                "filter",
                "condition",
            ],
            target: AliasTarget::Option("on", ", which takes a pattern"),
        },
        Alias {
            names: &[
                "fatal",
                "cancel_if",
                "cancel_on",
                "cancel_result",
                "abort_on",
                "ignore",
                "exclude",
                "skip",
            ],
            target: AliasTarget::Option("unless", ", which takes a pattern"),
        },
        Alias {
            names: &["on_ok", "on_result", "cancel_on_result"],
            target: AliasTarget::Advice(
                "remove it: the first `Ok` is the answer; make an `Err` of one that is none in the body",
            ),
        },
        Alias {
            names: &[
                "on_hedge",
                "on_hedging",
                "listener",
                "callback",
                "hook",
                "log",
            ],
            target: AliasTarget::Advice(
                "every further copy is an event: write `resil::event::subscribe(|event| ..)` at the start of the program",
            ),
        },
        FALLBACK_WITHOUT_DEFAULT,
        Alias {
            names: &["timeout", "attempt_timeout"],
            target: AliasTarget::Advice(
                "write `#[timeout(1s)]`: below `#[hedge]` it bounds each copy, above it the whole",
            ),
        },
        Alias {
            names: &["attempt"],
            target: AliasTarget::Advice(
                "remove it: all copies are alike, and the event `Hedged` has the number of each",
            ),
        },
        Alias {
            names: &["config", "settings", "preset"],
            target: AliasTarget::Option("policy", ", which takes a `HedgePolicy`"),
        },
    ],
    nameless: &[
        (Guess::Duration, "after"),
        (Guess::Number, "max"),
        (Guess::Percent, "budget"),
        (Guess::Expr, "after"),
    ],
};

/// The names of a percentile that is not written behind `after`.
pub const PERCENTILE_NAMES: [&[&str]; 2] = [
    &[
        "percentile",
        "latency_percentile",
        "quantile",
        "hedge_percentile",
    ],
    &["p50", "p75", "p90", "p95", "p98", "p99", "p999"],
];

/// The names for a value in place of the error. `default` is none of them here: it may be the delay
/// until a percentile is known.
const FALLBACK_WITHOUT_DEFAULT: Alias = Alias {
    names: &["fallback", "fallback_method", "recover"],
    target: FALLBACK.target,
};

const ON: PatternSubject =
    PatternSubject::error_opposite_to("unless").or_by_default("start the next copy at every error");

/// The options of a percentile.
pub static PERCENTILE: Spec = Spec {
    owner: "a percentile",
    options: &[Opt::new("default", Kind::Duration, "50ms")],
    aliases: &[Alias {
        names: &["initial", "until_known", "or", "delay", "fallback", "min"],
        target: AliasTarget::Option("default", ", the delay until 100 successes have come"),
    }],
    nameless: &[(Guess::Duration, "default")],
};

/// The whole percentiles that can be told from a hundred samples. Beside them there is `p99.9`.
pub const PERCENTILES: RangeInclusive<u32> = 50..=99;

/// Returns the name of the percentile that is nearest to `percent`; `None` for a number that is none.
pub fn nearest_percentile(percent: f64) -> Option<String> {
    if !(1.0..=100.0).contains(&percent) {
        // `p999` is how some write 99.9.
        return (990.0..1_000.0)
            .contains(&percent)
            .then(|| "p99.9".to_owned());
    }
    if percent > 99.5 {
        return Some("p99.9".to_owned());
    }
    let (lowest, highest) = PERCENTILES.into_inner();
    let whole = percent.round().clamp(f64::from(lowest), f64::from(highest));
    Some(format!("p{whole}"))
}
