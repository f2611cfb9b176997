//! The static state of one retried function: its budget, or the named one that it shares.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::budget::{self, Budget, Named};
#[cfg(feature = "catalog")]
use super::budget_now::BudgetNow;
use super::policy::{BudgetPolicy, RetryPolicy};
#[cfg(not(loom))]
use crate::call::this_of;
use crate::call::{PerType, Site};

/// The static state of one retried function.
#[derive(Debug)]
pub struct RetrySite {
    pub(super) site: &'static Site,
    own: Budget,
    name: Option<&'static str>,
    shared: OnceLock<&'static Named>,
    /// Whether a token of any of its budgets may have been spent.
    has_spent: AtomicBool,
    /// Whether the level of its budget is shown.
    #[cfg(feature = "metrics")]
    is_noted: AtomicBool,
    /// The numbers of its own budget, once a retry was to be paid for.
    #[cfg(feature = "catalog")]
    numbers: OnceLock<BudgetPolicy>,
    /// The sites of other `Self` types, each with a budget of its own.
    types: PerType<Self>,
}

impl RetrySite {
    /// Creates the state of `site`; `budget` is the name of a budget shared with others.
    // A model checker's atomics are not const; its models make budgets without a site.
    #[cfg(not(loom))]
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each static has a copy of its own"
    )]
    pub const fn new(site: &'static Site, budget: Option<&'static str>) -> Self {
        // Constants, so that the compiler evaluates them once and not for each annotated function.
        const OWN: Budget = Budget::new();
        const SHARED: OnceLock<&'static Named> = OnceLock::new();
        const TYPES: PerType<RetrySite> = PerType::new();

        Self {
            site,
            own: OWN,
            // Others may have spent of a budget that has a name.
            has_spent: AtomicBool::new(budget.is_some()),
            name: budget,
            #[cfg(feature = "metrics")]
            is_noted: AtomicBool::new(false),
            shared: SHARED,
            #[cfg(feature = "catalog")]
            numbers: OnceLock::new(),
            types: TYPES,
        }
    }

    /// Returns whether a token of a budget of this site may have been spent: until then, a success
    /// has nothing to give back.
    #[inline(always)]
    pub(super) fn has_spent(&self) -> bool {
        self.has_spent.load(Relaxed)
    }

    /// Notes that a token is about to be spent.
    pub(super) fn spend(&self) {
        if !self.has_spent() {
            self.has_spent.store(true, Relaxed);
        }
    }

    /// Notes the budget, so that its level is shown. Without the feature `metrics` it does nothing.
    #[inline]
    pub(super) fn note_budget(&'static self, budget: &'static Budget, numbers: BudgetPolicy) {
        #[cfg(feature = "metrics")]
        if !self.is_noted.swap(true, Relaxed) {
            let name = self.name.unwrap_or_else(|| self.site.name());
            super::level::note(name, budget, numbers);
        }
        let _ = (self, budget, numbers);
    }

    /// Returns the state for the `Self` type of the function in which the closure called `closure`
    /// stands. It is for budgets without a name: a named one is shared by all types.
    pub(super) fn of(&'static self, closure: &'static str) -> &'static Self {
        if self.name.is_some() {
            return self;
        }
        self.of_types(closure)
    }

    #[cfg(loom)]
    fn of_types(&'static self, _: &'static str) -> &'static Self {
        self
    }

    #[cfg(not(loom))]
    fn of_types(&'static self, closure: &'static str) -> &'static Self {
        if self.types.is_first(closure) {
            return self;
        }
        let (this, make) = (this_of(closure), || Self::new(self.site, None));
        self.types.other(closure, Some(this), make).unwrap_or(self)
    }

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
        #[cfg(feature = "catalog")]
        self.numbers.get_or_init(|| own);
        Some(match self.name {
            None => (&self.own, own),
            Some(name) => {
                let shared = self.shared(name, policy);
                (&shared.budget, shared.policy())
            }
        })
    }

    /// Returns the budgets of the function that were asked for a token: its own with those of its other
    /// `Self` types, or the one that it shares. `now` is in nanoseconds.
    #[cfg(feature = "catalog")]
    pub(crate) fn budgets(&'static self, now: u64) -> Vec<BudgetNow> {
        let level = |budget: &Budget, numbers: BudgetPolicy| BudgetNow {
            name: self.name,
            tokens: budget.left(numbers, now),
            capacity: numbers.capacity,
        };
        let Some(name) = self.name else {
            let own = self.types.with(self);
            let own = own.filter_map(|site| Some(level(&site.own, *site.numbers.get()?)));
            return own.collect();
        };
        let shared = self
            .shared
            .get()
            .copied()
            .or_else(|| budget::all().get(name).copied());
        let shared = shared.map(|named| level(&named.budget, named.policy()));
        shared.into_iter().collect()
    }

    /// Returns the named budget, registered on the first call.
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
