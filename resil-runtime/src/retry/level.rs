//! The levels of the retry budgets that were drawn on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::budget::Budget;
use super::policy::BudgetPolicy;
use crate::clock;

/// A name, its budget, and the numbers that hold for it.
type Noted = (&'static str, &'static Budget, BudgetPolicy);

static ALL: Mutex<Vec<Noted>> = Mutex::new(Vec::new());

/// Notes a budget under `name`: that of the budget, or that of the function whose own it is. The functions
/// bound the list, and the types for which they have budgets of their own.
#[cold]
pub(super) fn note(name: &'static str, budget: &'static Budget, numbers: BudgetPolicy) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.iter().any(|(_, known, _)| std::ptr::eq(*known, budget)) {
        all.push((name, budget, numbers));
    }
}

/// Returns the number of tokens left by name, in order. If there are several budgets of a name, as a
/// function of several types has, it is the lowest one.
pub(crate) fn levels() -> BTreeMap<&'static str, u32> {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = clock::now_ns();
    let mut levels = BTreeMap::new();
    for (name, budget, numbers) in all {
        let left = budget.left(numbers, now);
        let level = levels.entry(name).or_insert(left);
        *level = left.min(*level);
    }
    levels
}
