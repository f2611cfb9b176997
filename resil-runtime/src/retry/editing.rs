//! Other numbers in the place of those that a named budget was given.

use std::sync::PoisonError;

use super::budget::{BudgetEdit, EDIT, Named, all};
use super::policy::BudgetPolicy;

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
        let written = self
            .set
            .get()
            .map_or(BudgetPolicy::DEFAULT, |(set, _)| *set);
        let instead = edit(self.name, written);
        *self.instead.lock().unwrap_or_else(PoisonError::into_inner) = instead;
    }
}
