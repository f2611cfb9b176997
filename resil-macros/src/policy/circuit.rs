//! `#[circuit]`: stop asking a side that does not answer, and look again later.

mod expand;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use super::Facts;
use super::retry::table::{FALLBACK, NO_FALLBACK};
use crate::diag::help;
use crate::parse::{
    Alias, AliasTarget, Args, Const, Guess, Kind, Opt, ParseContext, Pattern, PatternSubject, Spec,
    Syntax, Value, messages, show, syntax_of,
};

pub(crate) static SPEC: Spec = Spec {
    owner: "`#[circuit]`",
    options: &[
        Opt::new("name", Kind::Name, "\"pay\""),
        Opt::new("failures", Kind::Count, "5"),
        Opt::new("failure_rate", Kind::Ratio, "50%"),
        Opt::new("window", Kind::Window, "100"),
        Opt::new("min_calls", Kind::Count, "20"),
        Opt::new("slow", Kind::Duration, "2s"),
        Opt::new("slow_rate", Kind::Ratio, "100%"),
        Opt::new("open_for", Kind::Duration, "30s"),
        Opt::new("open_max", Kind::Duration, "5m"),
        Opt::new("probes", Kind::Count, "1"),
        Opt::new(
            "on",
            Kind::Pattern(PatternSubject::error_opposite_to("ignore")),
            "Network(_)",
        ),
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
        Alias {
            names: FALLBACK,
            target: AliasTarget::Advice(NO_FALLBACK),
        },
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

/// To who may have meant the one or the other.
const NOTE: &str = "; `failures` counts failures in a row, `failure_rate` is a share of the calls";

const NAME: &str = "circuit";

/// What the runtime does where nothing is written: LANGUAGE.md, section 5.
const DEFAULT_WINDOW: u32 = 100;
const DEFAULT_OPEN_FOR: Duration = Duration::from_secs(30);
const MOST_CALLS: u32 = 10_000;
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);

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
    /// A `CircuitPolicy`: a value of the user's, whose type says what it is.
    pub(crate) policy: Option<Const<()>>,
    written: Written,
}

#[derive(Clone, Debug)]
pub(crate) enum Window {
    Calls(Const<u32>),
    Time(Const<Duration>),
    /// A const whose type is not to be told from its tokens: never a `Literal`.
    Expr(Const<()>),
}

/// Where the options stand that the rules speak of, faulty values included.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one option: written or not"
)]
#[derive(Default)]
struct Written {
    rate: bool,
    slow: bool,
    key: bool,
    /// What is not written is then not the default, but unknown.
    policy: bool,
    window: Option<Span>,
    min_calls: Option<Span>,
    slow_rate: Option<Span>,
    open_for: Option<Span>,
    max_keys: Option<Span>,
}

impl Circuit {
    pub(crate) fn parse(args: TokenStream, span: Span, cx: &ParseContext<'_>) -> Self {
        let mut args = Args::read(&SPEC, args, cx);
        let written = Written {
            rate: ["failure_rate", "slow", "slow_rate"]
                .iter()
                .any(|name| args.mentioned(name).is_some()),
            slow: args.mentioned("slow").is_some(),
            key: args.mentioned("key").is_some(),
            policy: args.mentioned("policy").is_some(),
            window: args.mentioned("window"),
            min_calls: args.mentioned("min_calls"),
            slow_rate: args.mentioned("slow_rate"),
            open_for: args.mentioned("open_for"),
            max_keys: args.mentioned("max_keys"),
        };
        let parsed = Self {
            span,
            name: args.take("name").and_then(|value| value.name_literal()),
            failures: args
                .take("failures")
                .and_then(|value| value.count(1, 65_535)),
            failure_rate: args.take("failure_rate").and_then(|value| value.ratio()),
            window: args.take("window").and_then(|value| window(&value)),
            min_calls: args
                .take("min_calls")
                .and_then(|value| value.count(1, u32::MAX)),
            slow: args.take("slow").and_then(|value| value.duration()),
            slow_rate: args.take("slow_rate").and_then(|value| value.ratio()),
            open_for: args.take("open_for").and_then(|value| value.duration()),
            open_max: args.take("open_max").and_then(|value| value.duration()),
            probes: args.take("probes").and_then(|value| value.count(1, 255)),
            on: args.take("on").and_then(|value| value.pattern()),
            ignore: args.take("ignore").and_then(|value| value.pattern()),
            on_ok: args.take("on_ok").and_then(|value| value.pattern()),
            key: args.take("key").and_then(|value| value.expr()),
            max_keys: args
                .take("max_keys")
                .and_then(|value| value.count(1, u32::MAX)),
            policy: args.take("policy").and_then(|value| value.const_expr()),
            written,
        };
        args.done();
        parsed
    }

    pub(crate) fn check(&self, cx: &ParseContext<'_>) {
        self.check_window_has_a_rate(cx);
        self.check_min_calls_fit_window(cx);
        self.check_slow_rate_has_slow(cx);
        self.check_open_max(cx);
        self.check_max_keys_have_a_key(cx);
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts::new(NAME, self.span)
    }

    /// Failures in a row need no window: without a rate nothing looks at it.
    fn check_window_has_a_rate(&self, cx: &ParseContext<'_>) {
        if self.written.rate || self.written.policy {
            return;
        }
        for (name, at) in [
            ("window", self.written.window),
            ("min_calls", self.written.min_calls),
        ] {
            if let Some(at) = at {
                let why = "no rate is counted in a window";
                cx.diag.error_at(
                    at,
                    messages::no_effect(
                        name,
                        why,
                        "write `failure_rate = 50%` beside it, or remove it",
                    ),
                );
            }
        }
    }

    /// A window that holds fewer calls than that could never trip.
    fn check_min_calls_fit_window(&self, cx: &ParseContext<'_>) {
        let window = match &self.window {
            Some(Window::Calls(calls)) => calls.literal().copied(),
            Some(Window::Time(_) | Window::Expr(_)) => None,
            None => self.default(self.written.window, DEFAULT_WINDOW),
        };
        let (Some(window), Some(at)) = (window, &self.min_calls) else {
            return;
        };
        let Some(min_calls) = at.literal() else {
            return;
        };
        if *min_calls > window && (self.written.rate || self.written.policy) {
            let which = if self.window.is_some() {
                ""
            } else {
                "default "
            };
            cx.diag.error(
                at,
                help(
                    format!("`min_calls` of `{min_calls}` is more than the {which}`window` of `{window}` calls ever holds"),
                    format!("write `min_calls = {window}` or `window = {min_calls}`"),
                ),
            );
        }
    }

    /// Nothing says how long a call has to be for it.
    fn check_slow_rate_has_slow(&self, cx: &ParseContext<'_>) {
        if self.written.slow || self.written.policy {
            return;
        }
        if let Some(at) = self.written.slow_rate {
            let why = "nothing says how long a slow call is";
            let instead = "write `slow = 2s` beside it, or remove it";
            cx.diag
                .error_at(at, messages::no_effect("slow_rate", why, instead));
        }
    }

    /// Without a key there is one breaker. (A `policy` may say so for those that have one.)
    fn check_max_keys_have_a_key(&self, cx: &ParseContext<'_>) {
        if self.written.key {
            return;
        }
        if let Some(at) = self.written.max_keys {
            let why = "there is one breaker for all calls";
            let instead = "write `key = host` beside it, or remove it";
            cx.diag
                .error_at(at, messages::no_effect("max_keys", why, instead));
        }
    }

    /// What holds where an option is not written.
    fn default<T>(&self, written: Option<Span>, default: T) -> Option<T> {
        (written.is_none() && !self.written.policy).then_some(default)
    }

    /// The time grows from `open_for` to `open_max`, not down.
    fn check_open_max(&self, cx: &ParseContext<'_>) {
        let open_for = match &self.open_for {
            Some(open_for) => open_for.literal().copied(),
            None => self.default(self.written.open_for, DEFAULT_OPEN_FOR),
        };
        let (Some(at), Some(open_for)) = (&self.open_max, open_for) else {
            return;
        };
        let Some(open_max) = at.literal() else { return };
        if *open_max < open_for {
            let which = if self.open_for.is_some() {
                ""
            } else {
                "default "
            };
            let (open_max, open_for) = (show(*open_max), show(open_for));
            cx.diag.error(
                at,
                help(
                    format!(
                        "`open_max` of `{open_max}` is below the {which}`open_for` of `{open_for}`"
                    ),
                    format!(
                        "write `open_max = {open_for}` for no growth, or `open_for = {open_max}`"
                    ),
                ),
            );
        }
    }
}

/// COUNT or DURATION: a literal tells by its unit, an expression can't.
fn window(value: &Value<'_>) -> Option<Window> {
    match syntax_of(&value.tokens) {
        Syntax::Number(number) if is_type_or_nothing(&number.suffix) => {
            value.count(1, MOST_CALLS).map(Window::Calls)
        }
        Syntax::Word(word) if word != "true" && word != "false" => {
            value.const_expr().map(Window::Expr)
        }
        Syntax::Other if !value.is_broken_literal() => value.const_expr().map(Window::Expr),
        Syntax::Other => None,
        _ => value.duration_from(SHORTEST_WINDOW).map(Window::Time),
    }
}

/// `u32` and the like, which are no units: a count was meant.
fn is_type_or_nothing(suffix: &str) -> bool {
    suffix.is_empty() || suffix != "us" && suffix.starts_with(['u', 'i'])
}
