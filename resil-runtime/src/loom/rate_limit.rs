//! The word of a rate limit: who takes the last place, and who gives one back.

use std::sync::Arc;
use std::time::Duration;

use ::loom::thread;

use super::model::{Model, explore};
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::{Limit, Reserved, Taken, TooEarly};

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "rate limit: two calls and one place",
        check: two_calls_and_one_place,
        variants: &["take_in_one"],
    },
    Model {
        name: "rate limit: a turn that is given back against another one",
        check: give_back_against_reserve,
        variants: &["take_in_one", "give_back_in_one"],
    },
    Model {
        name: "rate limit: a long wait against a call that can't wait",
        check: long_wait_against_call,
        variants: &["reach_first"],
    },
    Model {
        name: "rate limit: two adoptions against a call",
        check: adoption_against_call,
        variants: &["begin_before_seen"],
    },
];

fn noon() -> u64 {
    1 << 60
}

/// The time in which one call is paid for.
const STEP: Duration = Duration::from_secs(1);

fn policy(burst: u32) -> RateLimitPolicy {
    RateLimitPolicy::new().max(1).per(STEP).burst(burst)
}

fn limit(burst: u32) -> Arc<Limit> {
    let limit = Limit::new("loom");
    limit.adopt(&policy(burst), "loom", noon).unwrap();
    Arc::new(limit)
}

/// A call that does not wait.
fn is_let_in(limit: &Limit) -> bool {
    limit.take(1, noon) == Taken::In || limit.enter(1, noon, |_| None).is_ok()
}

/// A call that waits as long as it must.
fn reserve(limit: &Limit) -> Option<Reserved> {
    limit.enter(1, noon, |_| Some(u64::MAX)).unwrap()
}

/// The number of steps until the next call would be let in.
fn steps_to_wait(limit: &Limit) -> u64 {
    match limit.enter(1, noon, |_| None) {
        Err(TooEarly(wait)) => wait.unwrap().as_secs(),
        Ok(_) => 0,
    }
}

/// One place is taken once.
fn two_calls_and_one_place() {
    explore(|| {
        let limit = limit(1);
        let other = Arc::clone(&limit);
        let there = thread::spawn(move || is_let_in(&other));
        let here = is_let_in(&limit);
        let there = there.join().unwrap();
        assert!(here || there, "the place is lost");
        assert!(!(here && there), "both have the one place");
    });
}

/// The turn of a call that is dropped comes back only if no other call has come since. Otherwise two
/// calls would have one turn.
fn give_back_against_reserve() {
    explore(|| {
        let limit = limit(1);
        assert!(is_let_in(&limit));
        let dropped = reserve(&limit).unwrap();
        let other = Arc::clone(&limit);
        let there = thread::spawn(move || reserve(&other).unwrap());
        limit.give_back(dropped);
        let turn = there.join().unwrap().turn_in().as_secs();
        // Before the drop it is the second turn, after it the first.
        assert!(turn == 1 || turn == 2, "the turn is that of nobody");
        assert_eq!(steps_to_wait(&limit), turn + 1, "two calls have one turn");
    });
}

/// A word that a waiting call has put far ahead counts for who sees it.
fn long_wait_against_call() {
    explore(|| {
        let limit = limit(1);
        assert!(is_let_in(&limit));
        let other = Arc::clone(&limit);
        let there = thread::spawn(move || is_let_in(&other));
        let turn = reserve(&limit).unwrap().turn_in();
        assert!(!there.join().unwrap(), "let in before a call that waits");
        assert_eq!(turn, STEP);
    });
}

/// Calls count as soon as they go by the settings, whoever has given these.
fn adoption_against_call() {
    explore(|| {
        let limit = Arc::new(Limit::new("loom"));
        let other = Arc::clone(&limit);
        let there = thread::spawn(move || other.adopt(&policy(2), "there", noon).is_ok());
        let here = limit.adopt(&policy(1), "here", noon).is_ok();
        let burst = if here { 1 } else { 2 };
        let taken = (0..2).filter(|_| is_let_in(&limit)).count();
        assert!(here != there.join().unwrap(), "both have set it");
        let later = (0..3).filter(|_| is_let_in(&limit)).count();
        assert_eq!(taken + later, burst, "calls that were let in are forgotten");
    });
}
