//! The static state of one retried function: its budget, or the named one that it shares.

use std::sync::OnceLock;

use super::budget::{self, Budget, Named};
use super::policy::{BudgetPolicy, RetryPolicy};
#[cfg(not(loom))]
use crate::call::Types;
use crate::call::{PerType, Site};

/// The static state of one retried function.
#[derive(Debug)]
pub struct RetrySite {
    pub(super) site: &'static Site,
    own: Budget,
    name: Option<&'static str>,
    shared: OnceLock<&'static Named>,
    /// The sites of other `Self` types, each with a budget of its own.
    types: PerType<Self>,
}

impl RetrySite {
    /// Creates the state of `site`; `budget` is the name of a budget shared with others.
    // A model checker's atomics are not const; its models make budgets without a site.
    #[cfg(not(loom))]
    pub const fn new(site: &'static Site, budget: Option<&'static str>) -> Self {
        Self {
            site,
            own: Budget::new(),
            name: budget,
            shared: OnceLock::new(),
            types: PerType::new(),
        }
    }

    /// Returns the state for the `Self` of `types`. It is for budgets without a name: a named one
    /// is shared by all types.
    #[cfg(not(loom))]
    #[inline(always)]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        match types {
            Some(types) if !self.types.is_first(types) => self.other(types),
            _ => self,
        }
    }

    #[cfg(not(loom))]
    #[inline(never)]
    fn other(&'static self, types: Types) -> &'static Self {
        let make = || Self::new(self.site, None);
        self.types.other(types, make).unwrap_or(self)
    }

    #[inline(always)]
    pub(super) fn budget(&'static self, policy: &RetryPolicy) -> &'static Budget {
        match self.name {
            None => &self.own,
            Some(name) => &self.shared(name, policy).budget,
        }
    }

    /// Returns the budget with the numbers in use; `None` if `policy` has none.
    pub(super) fn budget_in_use(
        &'static self,
        policy: &RetryPolicy,
    ) -> Option<(&'static Budget, BudgetPolicy)> {
        let own = policy.budget?;
        Some(match self.name {
            None => (&self.own, own),
            Some(name) => {
                let shared = self.shared(name, policy);
                (&shared.budget, shared.policy())
            }
        })
    }

    /// Returns the named budget, registered on the first call.
    ///
    /// It is not inlined, since inlining made a first attempt that succeeds half as slow again (32
    /// ns instead of 21).
    #[inline(never)]
    fn shared(&self, name: &'static str, policy: &RetryPolicy) -> &'static Named {
        if let Some(shared) = self.shared.get() {
            return shared;
        }
        // Not inside the `OnceLock`'s initialiser: listeners may be told of a conflict, and one of
        // them may call this very function.
        let named = budget::named(name, policy, self.site.name());
        self.shared.get_or_init(|| named)
    }
}
