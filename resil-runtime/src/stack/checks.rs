//! The rules for a stack: those of the attributes, over values.
//!
//! All are `const`, so that the compiler checks the stack in a `static`. A layer is checked against those
//! outside it when it is added, the outermost first.

use std::time::Duration;

use super::delays::{self, Never, first_that_never_starts};
#[cfg(feature = "hedge")]
use super::fault::CopyDelay;
use super::fault::Fault;
use super::frames::TIMEOUTS;
use super::layer::{Layer, MAX_LAYERS};
use crate::circuit::{CircuitPolicy, Window};
#[cfg(feature = "hedge")]
use crate::hedge::{HedgeAfter, HedgePolicy};
use crate::retry::{Jitter, RetryPolicy, Strategy};

/// Checks the name of a stack.
pub(crate) const fn name(name: &str) -> Option<Fault> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 128 {
        return Some(Fault::Name);
    }
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'.' | b':' | b'-') {
            return Some(Fault::Name);
        }
        at += 1;
    }
    None
}

/// The first of the rules that is broken.
macro_rules! first {
    ($($rule:expr),* $(,)?) => {{
        $(if let Some(fault) = $rule {
            return Some(fault);
        })*
        None
    }};
}

/// Checks `layer`, which is to stand inside `around`, and whether there is room for it.
pub(crate) const fn layer(around: &[Layer], layer: &Layer) -> Option<Fault> {
    if around.len() >= MAX_LAYERS {
        return Some(Fault::TooManyLayers);
    }
    first![
        once(around, layer),
        room_for_a_timeout(around, layer),
        rules(around, layer),
    ]
}

/// Checks `layer`, which stands inside `around`, by the rules that hold for any number of layers.
pub(crate) const fn rules(around: &[Layer], layer: &Layer) -> Option<Fault> {
    let bound = shortest_limit(around);
    first![
        inner_bound_is_shorter(bound, layer),
        wait_is_shorter_than_the_bound(bound, layer),
        hedge(around, bound, layer),
        policy(layer),
        under_the_bound(bound, layer),
    ]
}

/// Checks `layer`, of an attribute with named constants, by the rules of the language over values.
pub(crate) const fn of_constants(around: &[Layer], layer: &Layer) -> Option<Fault> {
    let bound = shortest_limit(around);
    first![
        inner_bound_is_shorter(bound, layer),
        wait_is_shorter_than_the_bound(bound, layer),
        hedge(around, bound, layer),
        policy_of_an_attribute(layer),
        under_the_bound(bound, layer),
    ]
}

/// Checks the rules of one policy. The macro sees whether a rate is written, which may be that of another
/// function of the name, and what jitter stands beside `delays`, which override that of a `policy`.
const fn policy_of_an_attribute(layer: &Layer) -> Option<Fault> {
    match layer {
        Layer::RateLimit(_) => None,
        Layer::Retry(policy) => numbers_of_a_retry(policy),
        layer => policy(layer),
    }
}

/// Checks a retry under the limit around it.
const fn under_the_bound(bound: Option<Duration>, layer: &Layer) -> Option<Fault> {
    match layer {
        Layer::Retry(policy) => first![
            unlimited_is_bounded(bound, policy),
            every_attempt_can_start(bound, policy),
        ],
        _ => None,
    }
}

/// Checks the rules of one policy by itself.
pub(crate) const fn policy(layer: &Layer) -> Option<Fault> {
    match layer {
        Layer::Retry(policy) => first![
            a_list_is_not_decorrelated(policy),
            numbers_of_a_retry(policy),
        ],
        Layer::Circuit(policy) => first![
            open_max_is_not_below_open_for(policy),
            window_counts_a_rate(policy),
            slow_rate_has_slow(policy),
        ],
        Layer::Bulkhead(policy) if policy.wait.is_some() && policy.queue == 0 => {
            Some(Fault::WaitWithoutQueue)
        }
        Layer::RateLimit(policy) if policy.max.is_none() => Some(Fault::NoRate),
        Layer::Bulkhead(_) | Layer::RateLimit(_) | Layer::Timeout(_) => None,
        #[cfg(feature = "hedge")]
        Layer::Hedge(_) => None,
    }
}

#[cfg(not(feature = "hedge"))]
const fn hedge(_: &[Layer], _: Option<Duration>, _: &Layer) -> Option<Fault> {
    None
}

/// Checks a hedge under the limit around it, and what stands inside one.
#[cfg(feature = "hedge")]
const fn hedge(around: &[Layer], bound: Option<Duration>, layer: &Layer) -> Option<Fault> {
    if let (Layer::Hedge(policy), Some(around)) = (layer, bound)
        && let Some(after) = copy_delay(policy)
        && !is_below(after.delay, around)
    {
        return Some(Fault::NoCopy { after, around });
    }
    let mut at = 0;
    while at < around.len() {
        match (&around[at], layer) {
            (Layer::Hedge(hedge), Layer::Timeout(policy)) => {
                let inside = policy.limit();
                if let Some(after) = copy_delay(hedge)
                    && !is_below(after.delay, inside)
                {
                    return Some(Fault::NoCopyBeside { after, inside });
                }
            }
            (Layer::Hedge(hedge), Layer::Retry(retry))
            | (Layer::Retry(retry), Layer::Hedge(hedge)) => {
                if let Some(fault) = starts_are_few(hedge, retry) {
                    return Some(fault);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns the delay before a further copy, as far as it is known: of a percentile the default.
#[cfg(feature = "hedge")]
const fn copy_delay(policy: &HedgePolicy) -> Option<CopyDelay> {
    let (option, delay) = match policy.after {
        HedgeAfter::Delay(delay) => ("after", delay),
        HedgeAfter::Percentile {
            default: Some(delay),
            ..
        } => ("default", delay),
        HedgeAfter::Percentile { default: None, .. } => return None,
    };
    Some(CopyDelay { option, delay })
}

/// Checks that attempts and copies together don't start the body more often than anybody means, unless both
/// numbers are written out.
#[cfg(feature = "hedge")]
const fn starts_are_few(hedge: &HedgePolicy, retry: &RetryPolicy) -> Option<Fault> {
    /// The number of starts that needs no second thought.
    const FEW: u32 = 20;

    let Some(runs) = retry.max else { return None };
    let copies = hedge.max;
    let starts = copies.saturating_mul(runs);
    if starts <= FEW || hedge.max_is_given && retry.max_is_given {
        return None;
    }
    Some(Fault::ManyStarts {
        starts,
        copies,
        runs,
        missing: if hedge.max_is_given { runs } else { copies },
    })
}

const fn shortest_limit(around: &[Layer]) -> Option<Duration> {
    let (mut at, mut shortest) = (0, None);
    while at < around.len() {
        if let Layer::Timeout(policy) = &around[at] {
            // An inner limit is shorter than all those around it.
            shortest = Some(policy.limit());
        }
        at += 1;
    }
    shortest
}

/// Checks that a policy stands only once. Two timeouts are allowed, as they bound different things.
const fn once(around: &[Layer], layer: &Layer) -> Option<Fault> {
    let mut at = 0;
    while at < around.len() {
        match (&around[at], layer) {
            (Layer::Circuit(_), Layer::Circuit(_))
            | (Layer::Retry(_), Layer::Retry(_))
            | (Layer::Bulkhead(_), Layer::Bulkhead(_))
            | (Layer::RateLimit(_), Layer::RateLimit(_)) => {
                return Some(Fault::Twice(layer.name()));
            }
            #[cfg(feature = "hedge")]
            (Layer::Hedge(_), Layer::Hedge(_)) => return Some(Fault::Twice(layer.name())),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Checks that a stack has room for one more timeout.
const fn room_for_a_timeout(around: &[Layer], layer: &Layer) -> Option<Fault> {
    let (mut at, mut timeouts) = (0, 0);
    while at < around.len() {
        if let (Layer::Timeout(_), Layer::Timeout(_)) = (&around[at], layer) {
            timeouts += 1;
        }
        at += 1;
    }
    if timeouts >= TIMEOUTS {
        return Some(Fault::TooManyTimeouts);
    }
    None
}

/// Checks that each limit is shorter than those around it, which fire first otherwise.
const fn inner_bound_is_shorter(bound: Option<Duration>, layer: &Layer) -> Option<Fault> {
    match (bound, layer) {
        (Some(around), Layer::Timeout(policy)) if !is_below(policy.limit(), around) => {
            let limit = policy.limit();
            Some(Fault::NeverFires { limit, around })
        }
        _ => None,
    }
}

/// Checks that a call which waits for its turn has time left for it.
const fn wait_is_shorter_than_the_bound(bound: Option<Duration>, layer: &Layer) -> Option<Fault> {
    let wait = match layer {
        Layer::Bulkhead(policy) => policy.wait,
        Layer::RateLimit(policy) => policy.wait,
        _ => None,
    };
    match (wait, bound) {
        (Some(wait), Some(around)) if !is_below(wait, around) => {
            Some(Fault::NoTimeToWait { wait, around })
        }
        _ => None,
    }
}

/// Checks that something watches the time of retries without a number, as time alone ends them.
const fn unlimited_is_bounded(bound: Option<Duration>, policy: &RetryPolicy) -> Option<Fault> {
    if policy.max.is_none() && policy.within.is_none() && bound.is_none() {
        return Some(Fault::Unlimited);
    }
    None
}

/// Checks that every attempt can begin before the limit around it. `within` is exempt, as its purpose is to
/// cut `max` short.
const fn every_attempt_can_start(bound: Option<Duration>, policy: &RetryPolicy) -> Option<Fault> {
    let (Some(around), None) = (bound, policy.within) else {
        return None;
    };
    match first_that_never_starts(policy, around) {
        Some(Never {
            attempt,
            sum,
            terms,
        }) => Some(Fault::NeverStarts {
            attempt,
            sum,
            terms,
            around,
        }),
        None => None,
    }
}

/// Checks the numbers of a retry by themselves.
const fn numbers_of_a_retry(policy: &RetryPolicy) -> Option<Fault> {
    first![
        base_is_below_the_cap(policy),
        within_holds_the_first_delay(policy),
        budget_pays(policy),
    ]
}

/// Checks that no decorrelated jitter stands beside a list of delays, on which it has no effect.
const fn a_list_is_not_decorrelated(policy: &RetryPolicy) -> Option<Fault> {
    match (policy.strategy, policy.jitter) {
        (Strategy::Delays(_), Some(Jitter::Decorrelated)) => Some(Fault::DecorrelatedList),
        _ => None,
    }
}

/// Checks that the base is below the cap: otherwise each delay would be the cap.
const fn base_is_below_the_cap(policy: &RetryPolicy) -> Option<Fault> {
    let (base, cap) = (policy.base, policy.cap);
    if matches!(policy.strategy, Strategy::Delays(_)) || !is_below(cap, base) {
        return None;
    }
    Some(Fault::BaseAboveCap { base, cap })
}

/// Checks that the first delay, without jitter, is no longer than `within`: otherwise there would be no
/// retry at all.
const fn within_holds_the_first_delay(policy: &RetryPolicy) -> Option<Fault> {
    let first = delays::first(policy);
    match policy.within {
        Some(within) if is_below(within, first) && !matches!(policy.max, Some(1)) => {
            Some(Fault::WithinBelowFirst { within, first })
        }
        _ => None,
    }
}

/// Checks that the budget pays for what it is there for: the default one for `max`, any other one for one
/// retry.
const fn budget_pays(policy: &RetryPolicy) -> Option<Fault> {
    /// The first run, and those that 500 tokens pay for at 5 each.
    const MOST_RUNS_ON_DEFAULT_BUDGET: u32 = 101;

    let Some(budget) = &policy.budget else {
        return None;
    };
    let (capacity, cost) = (budget.capacity, budget.cost);
    match policy.max {
        _ if cost > capacity => Some(Fault::BudgetPaysNone { capacity, cost }),
        Some(max) if max > MOST_RUNS_ON_DEFAULT_BUDGET && !policy.budget_is_given => {
            Some(Fault::MaxAboveBudget { max })
        }
        _ => None,
    }
}

/// Checks that the open time can grow from `open_for` to `open_max`.
const fn open_max_is_not_below_open_for(policy: &CircuitPolicy) -> Option<Fault> {
    let open_for = policy.open_for;
    match policy.open_max {
        Some(open_max) if is_below(open_max, open_for) => {
            Some(Fault::OpenMaxBelowOpenFor { open_max, open_for })
        }
        _ => None,
    }
}

/// Checks that the window holds `min_calls`, and that a rate is counted in it.
const fn window_counts_a_rate(policy: &CircuitPolicy) -> Option<Fault> {
    let Some(min_calls) = policy.min_calls else {
        return None;
    };
    if policy.failure_rate.is_none() && policy.slow.is_none() {
        return Some(Fault::MinCallsWithoutRate);
    }
    match policy.window {
        Window::Calls(window) if min_calls > window => {
            Some(Fault::MinCallsAboveWindow { min_calls, window })
        }
        _ => None,
    }
}

/// Checks that something says how long a slow call is.
const fn slow_rate_has_slow(policy: &CircuitPolicy) -> Option<Fault> {
    if policy.slow_rate.is_some() && policy.slow.is_none() {
        return Some(Fault::SlowRateWithoutSlow);
    }
    None
}

/// `a < b`, which is not `const` for durations.
const fn is_below(a: Duration, b: Duration) -> bool {
    a.as_nanos() < b.as_nanos()
}
