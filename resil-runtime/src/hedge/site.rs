//! The static state of one hedged function: its budget, and the latencies of its successes.

use std::sync::OnceLock;
use std::time::Duration;

use super::budget::HedgeBudget;
use super::latencies::Latencies;
use super::policy::{HedgeAfter, HedgePolicy};
use crate::call::{PerType, Site, Types};

/// The static state of one hedged function.
#[derive(Debug)]
pub struct HedgeSite {
    pub(super) site: &'static Site,
    pub(super) budget: HedgeBudget,
    /// Made for a percentile alone.
    latencies: OnceLock<Box<Latencies>>,
    /// The sites of other `Self` types.
    types: PerType<Self>,
}

impl HedgeSite {
    /// Creates the state of `site`.
    #[cfg(not(loom))]
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static has a copy of its own"
    )]
    pub const fn new(site: &'static Site) -> Self {
        // A constant, so that the compiler evaluates it once and not for each annotated function.
        const TYPES: PerType<HedgeSite> = PerType::new();

        Self {
            site,
            budget: HedgeBudget::new(),
            latencies: OnceLock::new(),
            types: TYPES,
        }
    }

    /// Creates the state of `site`; not const, since the model checker's atomics are not.
    #[cfg(loom)]
    pub fn new(site: &'static Site) -> Self {
        Self {
            site,
            budget: HedgeBudget::new(),
            latencies: OnceLock::new(),
            types: PerType::new(),
        }
    }

    /// Returns the state for the `Self` of `types`.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        self.types.of(self, self.site, types, Self::new)
    }

    /// Returns the further copies that the budgets pay for now: that of the function, and those of its
    /// other `Self` types.
    #[cfg(feature = "catalog")]
    pub(crate) fn copies_left(&'static self) -> impl Iterator<Item = u32> {
        self.types.with(self).map(|site| site.budget.left())
    }

    fn latencies(&self) -> &Latencies {
        self.latencies.get_or_init(|| Box::new(Latencies::new()))
    }

    /// Returns the delay before a further copy; `None` if it is not known yet.
    pub(super) fn delay(&self, policy: &HedgePolicy) -> Option<Duration> {
        match policy.after {
            HedgeAfter::Delay(delay) => Some(delay),
            HedgeAfter::Percentile { default, .. } => self.latencies().percentile().or(default),
        }
    }

    /// Adds the latency of a call that succeeded, if `policy` needs it.
    pub(super) fn succeeded(&self, policy: &HedgePolicy, nanos: impl FnOnce() -> u64) {
        if let HedgeAfter::Percentile { percent, .. } = policy.after {
            self.latencies().add(nanos(), percent);
        }
    }

    /// Pays for a further copy. Returns false if the budget is spent.
    pub(super) fn pay(&self, policy: &HedgePolicy) -> bool {
        policy.gain.is_none() || self.budget.take()
    }
}
