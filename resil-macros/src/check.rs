//! Rules over a whole stack, one `check_*` fn each with its reason above it. They read
//! facts and never names, so that a new policy is held to them as soon as it says what
//! it does. Literals only: where a value is an expression, they stay silent.

use std::time::Duration;

use crate::diag::help;
use crate::parse::{ParseContext, messages, show};
use crate::policy::{Circuit, Facts, Idempotent, Repeats, Retry, Timeout};

/// One attribute of the stack, parsed.
pub(crate) enum Layer {
    Timeout(Timeout),
    Retry(Retry),
    Circuit(Circuit),
    Idempotent(Idempotent),
}

impl Layer {
    /// The rules within the one attribute.
    pub(crate) fn check(&self, cx: &ParseContext<'_>) {
        match self {
            Self::Timeout(timeout) => timeout.check(cx),
            Self::Retry(retry) => retry.check(cx),
            Self::Circuit(circuit) => circuit.check(cx),
            Self::Idempotent(idempotent) => idempotent.check(cx),
        }
    }

    pub(crate) fn facts(&self) -> Facts {
        match self {
            Self::Timeout(timeout) => timeout.facts(),
            Self::Retry(retry) => retry.facts(),
            Self::Circuit(circuit) => circuit.facts(),
            Self::Idempotent(idempotent) => idempotent.facts(),
        }
    }
}

/// The rules over the whole stack; `layers` outermost first. Those within a layer are
/// [`Layer::check`]'s.
pub(crate) fn check_stack(layers: &[Layer], cx: &ParseContext<'_>) {
    let facts: Vec<Facts> = layers.iter().map(Layer::facts).collect();
    check_once(&facts, cx);
    check_inner_bound_is_shorter(&facts, cx);
    check_unlimited_is_bounded(&facts, cx);
    check_every_attempt_can_start(&facts, cx);
    check_starts_once_is_not_repeated(&facts, cx);
}

/// Two of one policy would each keep their own state over the same calls; two timeouts
/// bound different things.
fn check_once(facts: &[Facts], cx: &ParseContext<'_>) {
    for (at, layer) in facts.iter().enumerate() {
        if layer.once && facts[..at].iter().any(|outer| outer.policy == layer.policy) {
            let attribute = format!("#[{}]", layer.policy);
            cx.diag.error_at(layer.span, messages::twice(&attribute));
        }
    }
}

/// What is around fires first, or at the same moment: the inner one never does.
fn check_inner_bound_is_shorter(facts: &[Facts], cx: &ParseContext<'_>) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(inner) = &layer.bound else { continue };
        let (Some(limit), Some(around)) = (inner.limit, shortest_limit(&facts[..at])) else {
            continue;
        };
        if limit >= around {
            let (limit, around) = (show(limit), show(around));
            let message = format!(
                "this `{}` of `{limit}` never fires: the one around it ends at `{around}`",
                layer.policy
            );
            let instead = format!("write less than `{around}`, or move it above the other");
            cx.diag.error(&inner.tokens, help(message, instead));
        }
    }
}

/// Nothing but time ends it, so something must watch the time.
fn check_unlimited_is_bounded(facts: &[Facts], cx: &ParseContext<'_>) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(repeats) = &layer.repeats else {
            continue;
        };
        let Some(unlimited) = repeats.unlimited else {
            continue;
        };
        let bounded = repeats.within || facts[..at].iter().any(|outer| outer.bound.is_some());
        if !bounded {
            cx.diag.error_at(
                unlimited,
                help(
                    "`max = unlimited` with nothing around it may run for ever",
                    format!(
                        "write `within = 30s` beside it, or `#[timeout(30s)]` above `#[{}]`",
                        layer.policy
                    ),
                ),
            );
        }
    }
}

/// A retry stops when the next delay would end at or after the deadline: runs that come
/// after so much waiting are written, and never happen. `within` is exempt, it is meant to
/// cut `max` short; the attempts' own timeouts are upper bounds, and prove nothing. What the failed
/// side asks for can only make a delay longer.
fn check_every_attempt_can_start(facts: &[Facts], cx: &ParseContext<'_>) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(repeats) = &layer.repeats else {
            continue;
        };
        let Some(around) = shortest_limit(&facts[..at]) else {
            continue;
        };
        let Some(never) = first_that_never_starts(repeats, around) else {
            continue;
        };
        let message = format!(
            "by `{}`'s own delays attempt {} can't start: they are at least {}, and the timeout around ends at `{}`",
            layer.policy,
            never.attempt,
            never.sum,
            show(around),
        );
        let instead = match never.attempt {
            2 => "write a longer timeout or shorter delays".to_owned(),
            attempt => format!(
                "write `max = {}`, a longer timeout, or shorter delays",
                attempt - 1
            ),
        };
        if repeats.tokens.is_empty() {
            cx.diag.error_at(layer.span, help(message, instead));
        } else {
            cx.diag.error(&repeats.tokens, help(message, instead));
        }
    }
}

/// Each attempt is a start of its own, and only the first one may start.
fn check_starts_once_is_not_repeated(facts: &[Facts], cx: &ParseContext<'_>) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(span) = layer.starts_once else {
            continue;
        };
        if let Some(outer) = facts[..at].iter().find(|outer| outer.repeats.is_some()) {
            let (inner, outer) = (layer.policy, outer.policy);
            cx.diag.error_at(
                span,
                help(
                    format!("`indeterminate` under `#[{outer}]`: after the first attempt the {outer} could only get `Indeterminate`"),
                    format!("write `#[{inner}(..)]` above `#[{outer}]`, so that one claim holds all attempts"),
                ),
            );
        }
    }
}

fn shortest_limit(around: &[Facts]) -> Option<Duration> {
    around
        .iter()
        .filter_map(|layer| layer.bound.as_ref()?.limit)
        .min()
}

struct Never {
    attempt: u32,
    /// `1s + 2s = 3s`.
    sum: String,
}

fn first_that_never_starts(repeats: &Repeats, around: Duration) -> Option<Never> {
    /// Delays so short that more of them matter are too many to be a slip.
    const LOOKED_AT: u32 = 10_000;
    /// More terms than that are no proof that anyone reads.
    const SHOWN: usize = 5;

    let shortest = repeats.shortest.as_ref().filter(|_| !repeats.within)?;
    let mut sum = Duration::ZERO;
    let mut terms: Vec<String> = Vec::new();
    for n in 1..shortest.runs.min(LOOKED_AT) {
        let delay = (shortest.delay)(n);
        sum = sum.saturating_add(delay);
        if terms.len() < SHOWN {
            terms.push(show(delay));
        } else if terms.len() == SHOWN {
            terms.push("..".to_owned());
        }
        if sum >= around {
            let total = show(sum);
            let sum = if n == 1 {
                total
            } else {
                format!("{} = {total}", terms.join(" + "))
            };
            return Some(Never {
                attempt: n + 1,
                sum: format!("`{sum}`"),
            });
        }
    }
    None
}
