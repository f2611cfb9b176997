//! The options of `#[circuit]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use crate::parse::{Alias, AliasTarget, Const, Guess, Kind, Opt, Pattern, PatternSubject, Spec};
use crate::policy::aliases::FALLBACK;

pub(crate) static SPEC: Spec = Spec {
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
                "half_open_max_calls",
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

/// The runtime's defaults and bounds: LANGUAGE.md, section 5.
pub(super) const DEFAULT_WINDOW: u32 = 100;
pub(super) const DEFAULT_OPEN_FOR: Duration = Duration::from_secs(30);
pub(super) const MOST_CALLS: u32 = 10_000;
pub(super) const SHORTEST_WINDOW: Duration = Duration::from_millis(100);

pub(crate) struct Circuit {
    pub(crate) span: Span,
    pub(crate) name: Option<LitStr>,
    pub(crate) failures: Option<Const<u32>>,
    pub(crate) failure_rate: Option<Const<f64>>,
    pub(crate) window: Option<Window>,
    pub(crate) min_calls: Option<Const<u32>>,
    pub(crate) slow: Option<Const<Duration>>,
    pub(crate) slow_rate: Option<Const<f64>>,
    pub(crate) open_for: Option<Const<Duration>>,
    pub(crate) open_max: Option<Const<Duration>>,
    pub(crate) probes: Option<Const<u32>>,
    pub(crate) on: Option<Pattern>,
    pub(crate) ignore: Option<Pattern>,
    pub(crate) on_ok: Option<Pattern>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    /// The user's `CircuitPolicy`, from which the other options depart.
    pub(crate) policy: Option<Const<()>>,
    pub(super) written: Written,
}

#[derive(Clone, Debug)]
pub(crate) enum Window {
    Calls(Const<u32>),
    Time(Const<Duration>),
    /// A const of either type. The tokens don't tell which, so it is never a `Literal`.
    Expr(Const<()>),
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one option: written or not"
)]
#[derive(Default)]
pub(super) struct Written {
    pub(super) rate: bool,
    pub(super) slow: bool,
    pub(super) key: bool,
    /// Whether `policy` is written. Then an option that is not written is not its default, but
    /// unknown.
    pub(super) policy: bool,
    pub(super) window: Option<Span>,
    pub(super) min_calls: Option<Span>,
    pub(super) slow_rate: Option<Span>,
    pub(super) open_for: Option<Span>,
    pub(super) max_keys: Option<Span>,
}
