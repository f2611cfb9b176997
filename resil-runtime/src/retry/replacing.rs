//! Numbers that stand in the place of those that a named budget was given.

use std::sync::{Mutex, PoisonError};

use super::policy::BudgetPolicy;

/// The numbers in the place of others.
#[derive(Debug, Default)]
pub(super) struct Replacing {
    numbers: Mutex<Option<BudgetPolicy>>,
    /// Held while numbers are made and put there: otherwise those that were made first could come last, and stay.
    editing: Mutex<()>,
}

impl Replacing {
    pub(super) fn get(&self) -> Option<BudgetPolicy> {
        *self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the numbers that `make` returns there. It runs with a lock held, which `get` does not take.
    pub(super) fn edit(&self, make: impl FnOnce() -> Option<BudgetPolicy>) {
        let editing = self.editing.lock();
        let _editing = editing.unwrap_or_else(PoisonError::into_inner);
        let made = make();
        *self.numbers.lock().unwrap_or_else(PoisonError::into_inner) = made;
    }
}
