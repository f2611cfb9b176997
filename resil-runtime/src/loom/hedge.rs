//! The budget of further copies, and the latencies that a percentile is made of.

use std::sync::Arc;

use ::loom::thread;

use super::model::{Model, explore};
use crate::hedge::budget::HedgeBudget;
use crate::hedge::latencies::Latencies;

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "hedge: two who take against one who gives",
        check: takes_against_give,
        variants: &["hedge_gives_in_one", "hedge_takes_in_one"],
    },
    Model {
        name: "hedge: latencies that come while others are counted",
        check: adds_against_count,
        variants: &["hedge_slot_in_one", "hedge_empties_slots"],
    },
];

/// One copy, in the parts in which a budget counts.
const COPY: u32 = 1 << 24;

/// What is taken and what comes in both count.
fn takes_against_give() {
    explore(|| {
        let budget = Arc::new(HedgeBudget::new());
        for _ in 0..9 {
            assert!(budget.take());
        }
        let (one, other) = (Arc::clone(&budget), Arc::clone(&budget));
        let takes = thread::spawn(move || one.take());
        let gives = thread::spawn(move || other.give(COPY));
        let here = budget.take();
        gives.join().unwrap();
        let there = takes.join().unwrap();
        let taken = u32::from(here) + u32::from(there);
        let left = (0..4).filter(|_| budget.take()).count();
        // One was left and one came in.
        assert_eq!(usize::try_from(taken).unwrap() + left, 2);
    });
}

/// Each latency is counted once: also one whose slot is looked at just before it comes.
fn adds_against_count() {
    explore(|| {
        let latencies = Arc::new(Latencies::new());
        // Both slots were in use before.
        latencies.add(7, 99.0);
        latencies.add(7, 99.0);
        assert_eq!(latencies.counted(), 2);
        let other = Arc::clone(&latencies);
        let adds = thread::spawn(move || other.add(7, 99.0));
        latencies.add(7, 99.0);
        adds.join().unwrap();
        assert_eq!(latencies.counted() + latencies.left(), 4);
        assert!(latencies.percentile().is_some_and(|p| p.as_nanos() == 7));
    });
}
