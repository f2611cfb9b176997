//! The count of calls in flight.

use std::sync::Arc;

use ::loom::sync::atomic::{AtomicBool, Ordering::SeqCst};
use ::loom::thread;

use super::model::{Model, explore};
use crate::call::in_flight::{Counts, left};

pub(super) const MODELS: &[Model] = &[Model {
    name: "in flight: a look at calls that begin before others end",
    check: look_at_a_chain,
    variants: &["in_flight_ends_first"],
}];

/// While one call after the other is in flight, and each ends on another counter than it has begun on, no
/// look finds none.
fn look_at_a_chain() {
    explore(|| {
        let counts = Arc::new([Counts::new("one"), Counts::new("other")]);
        let look = |[one, other]: &[Counts; 2]| left(&[one, other]);
        let is_last = Arc::new(AtomicBool::new(false));
        counts[0].begin_on(0);
        let (of, last) = (Arc::clone(&counts), Arc::clone(&is_last));
        let calls = thread::spawn(move || {
            of[1].begin_on(1);
            of[0].end_on(1);
            last.store(true, SeqCst);
            of[1].end_on(0);
        });
        if look(&counts).is_empty() {
            assert!(is_last.load(SeqCst), "a call is in flight");
        }
        calls.join().unwrap();
        assert!(look(&counts).is_empty(), "all have ended");
    });
}
