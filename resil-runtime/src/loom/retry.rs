//! The retry budget.

use std::sync::Arc;

use ::loom::thread;

use super::{Model, explore};
use crate::retry::{Budget, BudgetPolicy};

pub(super) const MODELS: &[Model] = &[Model {
    name: "budget: take against give back",
    check: take_against_give,
    variants: &["give_in_one"],
}];

/// What is taken and what comes back both count.
fn take_against_give() {
    explore(|| {
        let policy = BudgetPolicy::new(11, 5);
        let budget = Arc::new(Budget::new());
        assert!(budget.take(policy));
        let (one, other) = (Arc::clone(&budget), Arc::clone(&budget));
        let last_cost = thread::spawn(move || one.give(5));
        let first_try = thread::spawn(move || other.give(1));
        assert!(budget.take(policy));
        last_cost.join().unwrap();
        first_try.join().unwrap();
        // 11 - 5 - 5 + 5, and the 1 if the bucket was not full when it came.
        assert!(budget.take(policy), "a token that came back is lost");
        assert!(
            !budget.take(policy),
            "a token that was taken is there again"
        );
    });
}
