//! A breaker per key: who makes it, and who takes its place.

use std::sync::Arc;
use std::time::Duration;

use ::loom::thread;

use super::{Model, explore_within};
use crate::circuit::CircuitVerdict::Failure;
use crate::circuit::{BreakerCore, CircuitPolicy, CircuitState};
use crate::clock::now_ms;
use crate::named::{KeyText, Keys};

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "registry: insert against insert",
        check: insert_against_insert,
        variants: &["insert_in_one"],
    },
    Model {
        name: "registry: insert against evict",
        check: insert_against_evict,
        variants: &["evict_idle"],
    },
];

/// The keys of a name, room for `most`, each to open at so many failures in a row.
fn keys(most: u32, failures: u32) -> Arc<Keys<BreakerCore>> {
    let base: &'static BreakerCore = Box::leak(Box::new(BreakerCore::new("loom")));
    let policy = CircuitPolicy::new().max_keys(most).failures(failures);
    let policy = policy.open_for(Duration::from_secs(3_600));
    base.adopt(&policy, "loom", now_ms).unwrap();
    Arc::new(Keys::new(base))
}

fn fail(keys: &Keys<BreakerCore>, key: &str) {
    let core = KeyText::with(key, |text| keys.get(text));
    let stamp = core.admit(now_ms).unwrap();
    core.record(stamp, Failure, now_ms);
}

/// Two that come first for one key share its breaker.
fn insert_against_insert() {
    explore_within(Some(3), || {
        let keys = keys(8, 2);
        let other = Arc::clone(&keys);
        let there = thread::spawn(move || fail(&other, "a"));
        fail(&keys, "a");
        there.join().unwrap();
        let state = KeyText::with("a", |text| keys.get(text)).state();
        assert_eq!(state, CircuitState::Open, "each has its own");
        assert_eq!(keys.all().len(), 1);
    });
}

/// What a call holds, or has opened, is not taken from it.
fn insert_against_evict() {
    explore_within(Some(3), || {
        let keys = keys(1, 1);
        let other = Arc::clone(&keys);
        let there = thread::spawn(move || fail(&other, "a"));
        // Held, so that the place is not free again before we have looked.
        let newcomer = KeyText::with("b", |text| keys.get(text));
        there.join().unwrap();
        let state = KeyText::with("a", |text| keys.get(text)).state();
        assert_eq!(state, CircuitState::Open, "taken from under a call");
        drop(newcomer);
    });
}
