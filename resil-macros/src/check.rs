//! Rules over a whole stack, one `check_*` fn each with its reason above it.
//!
//! They read facts and never names, so that a new policy is held to them as soon as it states its
//! facts. They judge literals only: where a value is a constant, the compiler judges it (`emit/judged.rs`).

use std::time::Duration;

use proc_macro2::{Span, TokenStream};

use crate::diag::{Diag, help};
use crate::facts::{Facts, Repeats};
use crate::parse::{messages, show};
use crate::tokens::first_span;

/// Checks a stack against all rules. `facts` has the outermost layer first.
pub(crate) fn check_stack(facts: &[Facts], diag: &Diag) {
    check_once(facts, diag);
    check_inner_bound_is_shorter(facts, diag);
    check_unlimited_is_bounded(facts, diag);
    check_every_attempt_can_start(facts, diag);
    check_starts_once_is_not_repeated(facts, diag);
    check_wait_is_shorter_than_the_bound(facts, diag);
    check_copies_start_in_time(facts, diag);
    check_starts_are_few(facts, diag);
    check_claims_are_not_copied(facts, diag);
}

/// Checks that a policy stands only once, if its layer says so. A second one would keep its own
/// state over the same calls. Two timeouts are allowed, as they bound different things.
fn check_once(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        if layer.once && facts[..at].iter().any(|outer| outer.policy == layer.policy) {
            let attribute = format!("#[{}]", layer.policy);
            diag.error_at(layer.span, messages::twice(&attribute));
        }
    }
}

/// Checks that each limit is shorter than those around it. Otherwise an outer one fires first, or
/// at the same moment, and the inner one never does.
fn check_inner_bound_is_shorter(facts: &[Facts], diag: &Diag) {
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
            diag.error(&inner.tokens, help(message, instead));
        }
    }
}

/// Checks that something watches the time of retries without a number, as time alone ends them.
fn check_unlimited_is_bounded(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(repeats) = &layer.repeats else {
            continue;
        };
        let Some(unlimited) = repeats.unlimited else {
            continue;
        };
        let bounded = repeats.within || facts[..at].iter().any(|outer| outer.bound.is_some());
        if !bounded {
            diag.error_at(
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

/// Checks that every attempt can begin before the limit around it. A retry stops when the next
/// delay would end at or after the deadline, so that later attempts never happen.
///
/// `within` is exempt, as its purpose is to cut `max` short. The timeouts of the attempts are upper
/// bounds and prove nothing. A delay that the failed side asks for can only be longer.
fn check_every_attempt_can_start(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(repeats) = &layer.repeats else {
            continue;
        };
        let Some((around, by)) = shortest_bound(&facts[..at]) else {
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
        let message = help(message, instead);
        diag.error_between(&repeats.tokens, layer.span, [by], message);
    }
}

/// Checks that no retry stands around a layer that may start only once. Each attempt makes a claim
/// of its own, and only the first one may run the body.
fn check_starts_once_is_not_repeated(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(span) = layer.starts_once else {
            continue;
        };
        if let Some(outer) = facts[..at].iter().find(|outer| outer.repeats.is_some()) {
            let (inner, outer, outer_span) = (layer.policy, outer.policy, outer.span);
            diag.error_between(
                &TokenStream::new(),
                span,
                [outer_span],
                help(
                    format!("`indeterminate` under `#[{outer}]`: after the first attempt the {outer} could only get `Indeterminate`"),
                    format!("write `#[{inner}(..)]` above `#[{outer}]`, so that one claim holds all attempts"),
                ),
            );
        }
    }
}

/// Checks that a call which waits for its turn has time left for it. A wait that may take as long as
/// the limit around it ends with that limit, and with a timeout in place of the refusal.
fn check_wait_is_shorter_than_the_bound(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(wait) = &layer.waits else { continue };
        let (Some(limit), Some((around, by))) = (wait.limit, shortest_bound(&facts[..at])) else {
            continue;
        };
        if limit >= around {
            let (limit, around) = (show(limit), show(around));
            let message = format!(
                "this `wait` of `{limit}` leaves no time: the timeout around ends at `{around}`"
            );
            let instead = format!("write less than `{around}`, or a longer timeout");
            diag.error_between(&wait.tokens, layer.span, [by], help(message, instead));
        }
    }
}

/// Checks that a further copy can start: before the limit around, and before the first copy has ended
/// by the limit inside.
fn check_copies_start_in_time(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        let Some(copies) = &layer.copies else {
            continue;
        };
        let Some((option, after)) = copies.after else {
            continue;
        };
        if let Some((around, by)) = shortest_bound(&facts[..at])
            && after >= around
        {
            let (after, around) = (show(after), show(around));
            let message = format!(
                "no further copy starts: `{option}` is `{after}`, and the timeout around ends at `{around}`"
            );
            let instead = format!("write less than `{around}`, or a longer timeout");
            let message = help(message, instead);
            diag.error_between(&copies.after_tokens, layer.span, [by], message);
        }
        if let Some((inside, by)) = shortest_bound(&facts[at + 1..])
            && after >= inside
        {
            let (after, inside) = (show(after), show(inside));
            let message = format!(
                "no further copy starts beside the first: `{option}` is `{after}`, and the timeout inside \
                 ends each copy at `{inside}`"
            );
            let instead = format!("write less than `{inside}`, or a longer timeout inside");
            let message = help(message, instead);
            diag.error_between(&copies.after_tokens, layer.span, [by], message);
        }
    }
}

/// Checks that attempts and copies together don't start the body more often than anybody means,
/// unless both numbers are written out. They multiply, and so does the load on a service that is slow
/// already.
fn check_starts_are_few(facts: &[Facts], diag: &Diag) {
    /// The number of starts that needs no second thought.
    const FEW: u32 = 20;

    for layer in facts {
        let Some(copies) = &layer.copies else {
            continue;
        };
        for other in facts {
            let Some(repeats) = &other.repeats else {
                continue;
            };
            let (Some(max), Some(runs)) = (copies.max, repeats.runs) else {
                continue;
            };
            let starts = max.saturating_mul(runs);
            if starts <= FEW || !(copies.max_tokens.is_empty() || repeats.tokens.is_empty()) {
                continue;
            }
            let (hedge, retry) = (layer.policy, other.policy);
            let message = format!(
                "`{hedge}` and `{retry}` may start the body {starts} times: {max} copies in each of \
                 {runs} attempts"
            );
            // The message stands at the layer whose number is not written.
            let (at, missing, by) = if copies.max_tokens.is_empty() {
                (layer.span, max, other.span)
            } else {
                (other.span, runs, layer.span)
            };
            let instead = format!("write `max = {missing}` if that is meant, or smaller numbers");
            let message = help(message, instead);
            diag.error_between(&TokenStream::new(), at, [by], message);
        }
    }
}

/// Checks that no layer that answers with a recorded outcome stands below one that starts copies. Each
/// copy would ask for a claim of its own, and the second could only wait for the first.
fn check_claims_are_not_copied(facts: &[Facts], diag: &Diag) {
    for (at, layer) in facts.iter().enumerate() {
        if !layer.replays {
            continue;
        }
        if let Some(outer) = facts[..at].iter().find(|outer| outer.copies.is_some()) {
            let (inner, outer, outer_span) = (layer.policy, outer.policy, outer.span);
            diag.error_between(
                &TokenStream::new(),
                layer.span,
                [outer_span],
                help(
                    format!("`#[{inner}]` below `#[{outer}]`: each copy would ask for the key, and a second one only wait for the first"),
                    format!("write `#[{inner}(..)]` above `#[{outer}]`, so that one claim holds all copies"),
                ),
            );
        }
    }
}

/// Returns the shortest limit of these layers, and where it is written.
fn shortest_bound(layers: &[Facts]) -> Option<(Duration, Span)> {
    let limits = layers.iter().filter_map(|layer| {
        let bound = layer.bound.as_ref()?;
        Some((bound.limit?, first_span(&bound.tokens)))
    });
    limits.min_by_key(|(limit, _)| *limit)
}

fn shortest_limit(layers: &[Facts]) -> Option<Duration> {
    shortest_bound(layers).map(|(limit, _)| limit)
}

struct Never {
    attempt: u32,
    /// `1s + 2s = 3s`.
    sum: String,
}

fn first_that_never_starts(repeats: &Repeats, around: Duration) -> Option<Never> {
    /// The number of attempts that are examined: nobody means more of them.
    const EXAMINED: u32 = 10_000;
    /// The number of delays that are shown: nobody reads a longer sum.
    const SHOWN: usize = 5;

    let shortest = repeats.shortest.as_ref().filter(|_| !repeats.within)?;
    let mut sum = Duration::ZERO;
    let mut terms: Vec<String> = Vec::new();
    for n in 1..shortest.runs.min(EXAMINED) {
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
