//! The options of `#[fallback]`, and what other libraries call them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};

use super::expression::Expression;
use crate::facts::Facts;
use crate::parse::{Alias, AliasTarget, Const, Kind, Opt, Pattern, PatternSubject, Spec};

pub(crate) static SPEC: Spec = Spec {
    owner: "`#[fallback]`",
    options: &[
        Opt::new(
            "on",
            Kind::Pattern(PatternSubject::error_opposite_to("unless")),
            "Network(_)",
        ),
        Opt::new(
            "unless",
            Kind::Pattern(PatternSubject::error_opposite_to("on")),
            "Invalid(_)",
        ),
        Opt::new(LAST_OK, Kind::Flag, ""),
        Opt::new("max_age", Kind::Duration, "5m").limiting(),
        Opt::new("key", Kind::Expr, "id"),
        Opt::new("max_keys", Kind::Count, "10_000"),
    ],
    aliases: &[
        Alias {
            names: &[
                "value",
                "default",
                "default_value",
                "fallback",
                "fallback_value",
                "fallback_method",
                "fallback_fn",
                "method",
                "function",
                "handler",
                "recover",
                "recover_with",
                "with",
                "or",
                "or_else",
                "then",
                "expr",
            ],
            target: AliasTarget::Advice(
                "write the expression first and without a name: `#[fallback(cached(id))]`, or `#[fallback(|error| ..)]`",
            ),
        },
        Alias {
            names: &[
                "when",
                "if",
                "handle",
                "handle_if",
                "should_handle",
                "apply_on",
                "fallback_on",
                "for_errors",
                "include",
                "predicate",
                "condition",
                "filter",
            ],
            target: AliasTarget::Option("on", ", which takes a pattern"),
        },
        Alias {
            names: &[
                "skip_on",
                "skip",
                "ignore",
                "ignore_exceptions",
                "except",
                "exclude",
            ],
            target: AliasTarget::Option("unless", ", which takes a pattern"),
        },
        Alias {
            names: &[
                "stale",
                "last_good",
                "last_value",
                "last_known_good",
                "last_success",
                "keep_last",
            ],
            target: AliasTarget::Option(LAST_OK, ", by itself"),
        },
        Alias {
            names: &[
                "stale_if_error",
                "max_stale",
                "max_staleness",
                "stale_for",
                "stale_ttl",
                "ttl",
            ],
            target: AliasTarget::Option("max_age", ", beside `last_ok`"),
        },
        Alias {
            names: &["by", "per", "keyed_by", "cache_key"],
            target: AliasTarget::Option("key", ""),
        },
        Alias {
            names: &["capacity", "max_entries", "key_limit", "size"],
            target: AliasTarget::Option("max_keys", ""),
        },
        Alias {
            names: &["on_fallback", "callback", "listener", "notify", "hook"],
            target: AliasTarget::Advice(
                "every fallback is an event: write `resil::event::subscribe(|event| ..)` at the start of the program",
            ),
        },
    ],
    nameless: &[],
};

pub(super) const NAME: &str = "fallback";
pub(super) const LAST_OK: &str = "last_ok";
pub(super) const EXAMPLE: &str = "|error| ..";

pub(crate) struct Fallback {
    pub(crate) span: Span,
    pub(crate) source: Source,
    pub(crate) on: Option<Pattern>,
    pub(crate) unless: Option<Pattern>,
    pub(crate) max_age: Option<Const<Duration>>,
    pub(crate) key: Option<TokenStream>,
    pub(crate) max_keys: Option<Const<u32>>,
    /// Whether code that runs after the body names arguments: the expression, or a guard.
    pub(crate) uses_arguments: bool,
    pub(super) written: Written,
}

/// Where the value comes from.
pub(crate) enum Source {
    Expression(Expression),
    LastOk,
}

/// The places of the options that the rules are about. An option with a faulty value counts as
/// written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) expression: Option<TokenStream>,
    pub(super) last_ok: Option<Span>,
    pub(super) max_age: Option<Span>,
    pub(super) key: Option<Span>,
    pub(super) max_keys: Option<Span>,
}

/// Returns the facts of a `#[fallback]`.
pub(super) fn facts(span: Span, uses_arguments: bool) -> Facts {
    Facts {
        in_place: true,
        recovers: true,
        uses_arguments_after: uses_arguments,
        only_async: None,
        ..Facts::new(NAME, span)
    }
}
