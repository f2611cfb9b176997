//! The static state of one retried function: its budget, or the named one that it shares.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::budget::{self, Budget, Named};
#[cfg(any(feature = "catalog", feature = "metrics"))]
use super::budget_now::{self, BudgetNow};
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
    /// The budget that the attribute has, once a retry was to be paid for: it is shown from then on.
    #[cfg(any(feature = "catalog", feature = "metrics"))]
    written: OnceLock<Option<BudgetPolicy>>,
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
            shared: SHARED,
            #[cfg(any(feature = "catalog", feature = "metrics"))]
            written: OnceLock::new(),
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

    /// Notes that a retry is to be paid for, so that the budget is shown. Returns whether it is the first one.
    #[cfg(any(feature = "catalog", feature = "metrics"))]
    pub(super) fn show(&self, policy: &RetryPolicy) -> bool {
        self.written.get().is_none() && self.written.set(policy.budget_as_written()).is_ok()
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
        let sites = self.types.with(self);
        let budgets = sites.filter_map(|site| site.budget_now(now));
        budgets.filter(|budget| !budget.is_off).collect()
    }

    /// Returns the budget at `now`, in nanoseconds; `None` if it was not asked for a token.
    #[cfg(any(feature = "catalog", feature = "metrics"))]
    pub(super) fn budget_now(&'static self, now: u64) -> Option<BudgetNow> {
        let written = self.written.get().copied();
        let in_force = written.map(|of| budget_now::in_force(self.site.name(), of));
        let is_off = in_force == Some(None);
        let budget = if let Some(name) = self.name {
            let known = self.shared.get().copied();
            let named = known.or_else(|| budget::all().get(name).copied())?;
            (&named.budget, named.policy())
        } else {
            (&self.own, in_force?.or(written?)?)
        };
        Some(BudgetNow::of(self.name, budget, is_off, now))
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
