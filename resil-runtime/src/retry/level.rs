//! The levels of the retry budgets that were drawn on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::policy::RetryPolicy;
use super::site::RetrySite;
use crate::clock;

static ALL: Mutex<Vec<&'static RetrySite>> = Mutex::new(Vec::new());

/// Notes a site whose budget is drawn on. The functions bound the list, and the types for which they have
/// budgets of their own.
pub(super) fn note(site: &'static RetrySite, policy: &RetryPolicy) {
    if site.show(policy) {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(site);
    }
}

/// Returns the number of tokens left by name, in order: that of the budget, or that of the function whose own
/// it is. If there are several budgets of a name, as a function of several types has, it is the lowest one.
pub(crate) fn levels() -> BTreeMap<&'static str, u32> {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = clock::now_ns();
    let mut levels = BTreeMap::new();
    for site in all {
        if let Some(budget) = site.budget_now(now) {
            let name = budget.name.unwrap_or_else(|| site.site.name());
            let level = levels.entry(name).or_insert(budget.tokens);
            *level = budget.tokens.min(*level);
        }
    }
    levels
}
