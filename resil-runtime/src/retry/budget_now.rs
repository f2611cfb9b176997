//! A budget at one moment, by the numbers in force.

use super::budget::Budget;
#[cfg(all(feature = "control", not(loom)))]
use super::editing;
use super::policy::BudgetPolicy;

/// A budget at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BudgetNow {
    /// Its name, if it is shared by one.
    pub(crate) name: Option<&'static str>,
    /// The tokens that are left.
    pub(crate) tokens: u32,
    /// The tokens of a full bucket.
    #[cfg(feature = "catalog")]
    pub(crate) capacity: u32,
    /// Whether it was taken from the function: its retries are paid for by none.
    #[cfg(feature = "catalog")]
    pub(crate) is_off: bool,
}

impl BudgetNow {
    /// Reads a budget at `now`, in nanoseconds. One that was taken from the function goes on by the numbers of
    /// the attribute: what was spent of it comes back with time.
    pub(super) fn of(
        name: Option<&'static str>,
        (budget, numbers): (&Budget, BudgetPolicy),
        is_off: bool,
        now: u64,
    ) -> Self {
        let _ = is_off;
        Self {
            name,
            tokens: budget.left(numbers, now),
            #[cfg(feature = "catalog")]
            capacity: numbers.capacity,
            #[cfg(feature = "catalog")]
            is_off,
        }
    }
}

/// Returns the numbers in force for `function`, whose attribute has `written`.
pub(super) fn in_force(function: &str, written: Option<BudgetPolicy>) -> Option<BudgetPolicy> {
    #[cfg(all(feature = "control", not(loom)))]
    return editing::in_force(function, written);
    #[cfg(not(all(feature = "control", not(loom))))]
    {
        let _ = function;
        written
    }
}
