//! The retry budget.

use std::sync::Arc;

use ::loom::thread;

use super::model::{Model, explore};
use crate::retry::BudgetPolicy;
use crate::retry::budget::Budget;

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "budget: take against give back",
        check: take_against_give,
        variants: &["give_in_one"],
    },
    Model {
        name: "budget: what time gives against two who take",
        check: time_against_takes,
        variants: &["refill_under_lock"],
    },
];

/// What is taken and what comes back both count.
fn take_against_give() {
    explore(|| {
        let policy = BudgetPolicy::new(11, 5).refill(0);
        let budget = Arc::new(Budget::new());
        assert!(take(&budget, policy, 0));
        let (one, other) = (Arc::clone(&budget), Arc::clone(&budget));
        let last_cost = thread::spawn(move || one.give(5));
        let first_try = thread::spawn(move || other.give(1));
        assert!(take(&budget, policy, 0));
        last_cost.join().unwrap();
        first_try.join().unwrap();
        // 11 - 5 - 5 + 5, and the 1 if the bucket was not full when it came.
        assert!(take(&budget, policy, 0), "a token that came back is lost");
        assert!(
            !take(&budget, policy, 0),
            "a token that was taken is there again"
        );
    });
}

const SECOND: u64 = 1_000_000_000;

fn take(budget: &Budget, policy: BudgetPolicy, seconds: u64) -> bool {
    budget.take(policy, || seconds * SECOND)
}

/// What has come in by time comes in once, whoever asks first, and beside what is given back.
fn time_against_takes() {
    explore(|| {
        let policy = BudgetPolicy::new(3, 1).refill(1);
        let budget = Arc::new(Budget::new());
        for _ in 0..3 {
            assert!(take(&budget, policy, 1));
        }
        assert!(!take(&budget, policy, 1), "it is empty");
        // A second later one has come in.
        let (one, other) = (Arc::clone(&budget), Arc::clone(&budget));
        let first = thread::spawn(move || take(&one, policy, 2));
        let gives = thread::spawn(move || other.give(1));
        let second = take(&budget, policy, 2);
        let taken = u32::from(first.join().unwrap()) + u32::from(second);
        gives.join().unwrap();
        let left = (0..4).filter(|_| take(&budget, policy, 2)).count();
        assert_eq!(
            usize::try_from(taken).unwrap() + left,
            2,
            "one by time, one that came back"
        );
    });
}
