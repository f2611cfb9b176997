//! Which options a builder sets, and to what: `|retry| retry.max(2)`.
//!
//! The builder is tried on policies that differ in all options. An option that it changes in one of them is
//! one that it sets.

use std::time::Duration;

use crate::bulkhead::{AdaptiveLimit, BulkheadPolicy};
use crate::circuit::{CircuitPolicy, Window};
#[cfg(feature = "hedge")]
use crate::hedge::{HedgeAfter, HedgePolicy};
#[cfg(feature = "idempotent")]
use crate::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
use crate::rate_limit::{OnOutage, RateLimitPolicy};
use crate::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
use crate::settings::{Given, Named};

/// A policy with others that differ from it in all options.
pub(super) trait Probe: Named {
    fn probes() -> Vec<Self>;
}

const TIME: Duration = Duration::from_millis(7_777);

impl Probe for RetryPolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new()
            .max(77)
            .base(Duration::from_millis(77))
            .factor(7.5)
            .cap(TIME)
            .jitter(Jitter::Ratio(0.77))
            .within(TIME)
            .budget(BudgetPolicy::new(777, 7).refill(7))
            .nested_outer();
        vec![Self::new(), other, other.strategy(Strategy::Linear)]
    }
}

impl Probe for CircuitPolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new()
            .failures(77)
            .failure_rate(0.77)
            .window(Window::Calls(777))
            .min_calls(77)
            .slow(TIME)
            .slow_rate(0.7)
            .open_for(TIME)
            .open_max(TIME * 2)
            .probes(7)
            .max_keys(77);
        vec![Self::new(), other]
    }
}

impl Probe for BulkheadPolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new().max(77).queue(7).wait(TIME).max_keys(77);
        let learned = other.adaptive(AdaptiveLimit::new().min(7).start(77).max(777));
        vec![Self::new(), other, learned]
    }
}

impl Probe for RateLimitPolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new()
            .max(77)
            .per(TIME)
            .burst(7)
            .wait(TIME)
            .max_keys(77)
            .on_outage(OnOutage::Closed);
        vec![Self::new(), other]
    }
}

#[cfg(feature = "hedge")]
impl Probe for HedgePolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new(HedgeAfter::Delay(TIME)).max(7).budget(0.77);
        vec![Self::BASE, other]
    }
}

#[cfg(feature = "idempotent")]
impl Probe for IdempotentPolicy {
    fn probes() -> Vec<Self> {
        let other = Self::new()
            .ttl(TIME)
            .lease(TIME)
            .conflict(Conflict::Reject)
            .on_abandon(OnAbandon::Indeterminate)
            .version(77);
        vec![Self::new(), other]
    }
}

/// Returns the options that `build` sets.
pub(super) fn set_by<P: Probe>(build: impl Fn(P) -> P) -> Vec<(&'static str, Given)> {
    let mut set: Vec<(&'static str, Given)> = Vec::new();
    let mut all_built = Vec::new();
    for before in P::probes() {
        let (written, built) = (P::TABLE.write(&before), P::TABLE.write(&build(before)));
        for option in &built {
            let is_known = set.iter().any(|(name, _)| *name == option.0);
            if !is_known && !written.contains(option) {
                set.push(option.clone());
            }
        }
        all_built.extend(built);
    }
    // A default that follows from another option differs from probe to probe: `open_max` from `open_for`.
    set.retain(|(name, given)| {
        all_built
            .iter()
            .all(|(other, is)| other != name || is == given)
    });
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<P: Probe>(build: impl Fn(P) -> P) -> Vec<String> {
        let set = set_by(build).into_iter();
        set.map(|(name, given)| format!("{name} = {}", given.shown()))
            .collect()
    }

    #[test]
    fn what_a_builder_sets_is_found_defaults_too() {
        assert_eq!(shown(|r: RetryPolicy| r), [""; 0]);
        assert_eq!(shown(|r: RetryPolicy| r.max(3)), ["max = 3"]);
        assert_eq!(shown(|r: RetryPolicy| r.factor(2.0)), ["factor = 2"]);
        assert_eq!(
            shown(|r: RetryPolicy| r
                .base(Duration::from_millis(5))
                .strategy(Strategy::Constant)),
            ["constant = true", "base = 5ms"]
        );
        assert_eq!(
            shown(|c: CircuitPolicy| c.open_for(TIME)),
            ["open_for = 7.777s"]
        );
        assert_eq!(shown(|b: BulkheadPolicy| b.max(16)), ["max = 16"]);
        assert_eq!(
            shown(|l: RateLimitPolicy| l.max(5).per(TIME)),
            ["max = 5", "per = 7.777s"]
        );
    }
}
