//! The options of `#[hedge]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;

use crate::facts::{Copies, Facts, OnlyAsync};
use crate::parse::{Alias, AliasTarget, Const, Guess, Kind, Opt, Pattern, PatternSubject, Spec};
use crate::policy::aliases::FALLBACK;

pub(crate) static SPEC: Spec = Spec {
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
pub(super) const PERCENTILE_NAMES: [&[&str]; 2] = [
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

pub(super) const NAME: &str = "hedge";

/// The runtime's default: LANGUAGE.md, section 12.
pub(super) const DEFAULT_MAX: u32 = 2;
pub(super) const MOST_COPIES: u32 = 16;

pub(crate) struct Hedge {
    pub(crate) span: Span,
    /// `None` if the policy has it, or after a fault.
    pub(crate) after: Option<After>,
    pub(crate) max: Option<Const<u32>>,
    pub(crate) budget: Option<Budget>,
    pub(crate) on: Option<Pattern>,
    pub(crate) unless: Option<Pattern>,
    pub(crate) clone: Vec<Ident>,
    /// The user's `HedgePolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    /// Whether `max` is written, and whether `policy` is. An option with a faulty value counts as
    /// written.
    pub(super) max_written: bool,
    pub(super) policy_written: bool,
}

/// The delay before each further copy.
#[derive(Clone, Debug)]
pub(crate) enum After {
    Delay(Const<Duration>),
    Percentile {
        percent: f64,
        /// `p95`, as it is written.
        name: String,
        default: Option<Const<Duration>>,
        tokens: TokenStream,
    },
}

impl After {
    /// Returns the delay as it is written.
    pub(super) fn tokens(&self) -> &TokenStream {
        match self {
            Self::Delay(delay) => delay.tokens(),
            Self::Percentile { tokens, .. } => tokens,
        }
    }

    /// Returns the delay if it is a literal.
    pub(super) fn literal(&self) -> Option<Duration> {
        match self {
            Self::Delay(delay) => delay.literal().copied(),
            Self::Percentile { .. } => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Budget {
    Off,
    Ratio(Const<f64>),
}

impl Hedge {
    /// Returns the number of copies, if it is known.
    pub(super) fn copies(&self) -> Option<u32> {
        match &self.max {
            Some(max) => max.literal().copied(),
            None if self.max_written || self.policy_written => None,
            None => Some(DEFAULT_MAX),
        }
    }
}

/// Returns the facts of a hedge, also of one whose `after` has a fault.
pub(super) fn facts(hedge: &Hedge) -> Facts {
    let after = hedge.after.as_ref();
    let copies = Copies {
        max: hedge.copies(),
        max_tokens: hedge
            .max
            .as_ref()
            .map(ToTokens::to_token_stream)
            .unwrap_or_default(),
        after: after.and_then(After::literal),
        after_tokens: after
            .map(|after| after.tokens().clone())
            .unwrap_or_default(),
    };
    Facts {
        copies: Some(copies),
        needs_call_state: true,
        clones: hedge.clone.clone(),
        classifies: hedge.classifies(),
        only_async: Some(OnlyAsync {
            span: hedge.span,
            why: "copies of a call that blocks its thread can't run beside each other",
            instead: " with `tokio::task::spawn_blocking(..)` around the code that blocks",
        }),
        ..Facts::new(NAME, hedge.span)
    }
}
