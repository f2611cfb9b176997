//! Other numbers in the place of those that a budget was given.

use std::sync::OnceLock;

use super::budget::{BudgetEdit, EDIT, Named, all};
use super::policy::BudgetPolicy;

/// Returns the budget in force of a function, given its name and the budget that its attribute has.
pub(crate) type OwnBudget = fn(&str, Option<BudgetPolicy>) -> Option<BudgetPolicy>;

static OWN: OnceLock<OwnBudget> = OnceLock::new();

/// Shows the budgets of functions from here on with the numbers that `own` returns. Calls bring those that they
/// go by with them.
pub(crate) fn show_by(own: OwnBudget) {
    OWN.get_or_init(|| own);
}

/// Returns the budget in force of `function`, whose attribute has `written`.
#[cfg(any(feature = "catalog", feature = "metrics"))]
pub(super) fn in_force(function: &str, written: Option<BudgetPolicy>) -> Option<BudgetPolicy> {
    OWN.get().map_or(written, |own| own(function, written))
}

/// Returns the numbers of the budget called `name`, once a function has given some.
pub(crate) fn given(name: &str) -> Option<BudgetPolicy> {
    let named = all().get(name).copied()?;
    named.set.get().map(|(set, _)| *set)
}

/// Puts other numbers in force for these budgets, and for all that are named from here on.
pub(crate) fn edit<'n>(names: impl IntoIterator<Item = &'n str>, edit: BudgetEdit) {
    let edit = *EDIT.get_or_init(|| edit);
    for name in names {
        let named = all().get(name).copied();
        if let Some(named) = named {
            named.edit(edit);
        }
    }
}

impl Named {
    pub(super) fn edit(&self, edit: BudgetEdit) {
        self.instead.edit(|| {
            let set = self.set.get();
            let written = set.map_or(BudgetPolicy::DEFAULT, |(set, _)| *set);
            edit(self.name, written)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::thread;
    use std::time::Duration;

    use super::super::budget::named;
    use super::super::policy::RetryPolicy;
    use super::*;

    /// What the settings say.
    static CAPACITY: AtomicU32 = AtomicU32::new(20);
    static SEEN: Barrier = Barrier::new(2);

    /// The first edit sees settings that are replaced, and those put in force, before it goes on.
    fn slow_at_first(_: &str, written: BudgetPolicy) -> Option<BudgetPolicy> {
        let capacity = CAPACITY.load(SeqCst);
        if capacity == 20 {
            SEEN.wait();
            thread::park_timeout(Duration::from_millis(100));
        }
        (capacity > 0).then(|| BudgetPolicy::new(capacity, written.cost))
    }

    #[test]
    fn the_latest_settings_stay() {
        let budget = named("editing.tests", &RetryPolicy::new(), "test");
        thread::scope(|scope| {
            scope.spawn(|| budget.edit(slow_at_first));
            SEEN.wait();
            CAPACITY.store(30, SeqCst);
            budget.edit(slow_at_first);
        });
        assert_eq!(budget.policy().capacity, 30);
    }
}
