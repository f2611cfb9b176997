//! A limit that is learned while other settings come.

use std::cell::Cell;

use crate::bulkhead::core::BulkheadCore;
use crate::bulkhead::learner::Lesson;
use crate::bulkhead::policy::{AdaptiveLimit, BulkheadPolicy};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(1 << 40) };
    static MEANWHILE: Cell<Option<fn()>> = const { Cell::new(None) };
    static CORE: &'static BulkheadCore = Box::leak(Box::new(BulkheadCore::new("learning", now)));
}

/// The clock, which is read between the look at the settings and the lesson: what is to happen in
/// between happens here.
fn now() -> u64 {
    if let Some(meanwhile) = MEANWHILE.take() {
        meanwhile();
    }
    NOW.get()
}

fn core() -> &'static BulkheadCore {
    CORE.with(|core| *core)
}

fn limit() -> u32 {
    core().load().limit()
}

/// Has a limit learned, which begins at 200.
fn adopt() {
    let bounds = AdaptiveLimit::new().start(200);
    let policy = BulkheadPolicy::new().adaptive(bounds);
    core().adopt(policy.rules(), "learning").unwrap();
}

fn replace_by_eight() {
    core().replace(Some(&BulkheadPolicy::new().max(8)), false);
}

/// Ends so many calls of a millisecond each, the last one with `meanwhile` in between.
fn answered(calls: u32, meanwhile: Option<fn()>) {
    NOW.set(NOW.get() + 1_000_000_000);
    for n in 1..=calls {
        if n == calls {
            MEANWHILE.set(meanwhile);
        }
        core().learn(NOW.get() - 1_000_000, Lesson::Answered);
    }
}

/// Refuses a call, with `meanwhile` in between.
fn refused(meanwhile: Option<fn()>) {
    NOW.set(NOW.get() + 1_000_000_000);
    MEANWHILE.set(meanwhile);
    core().learn(NOW.get(), Lesson::Overloaded);
}

#[test]
fn a_limit_that_was_learned_by_other_settings_is_not_put_in_force() {
    adopt();
    answered(200, Some(replace_by_eight));
    assert_eq!(limit(), 8);
    core().replace(None, false);
    assert_eq!(limit(), 200);
    refused(Some(replace_by_eight));
    assert_eq!(limit(), 8);
}

#[test]
fn settings_that_are_taken_again_begin_with_their_own_limit() {
    adopt();
    for _ in 0..10 {
        refused(None);
    }
    assert!(limit() < 100);
    replace_by_eight();
    core().replace(None, false);
    assert_eq!(limit(), 200);
    refused(None);
    assert_eq!(limit(), 180, "it goes on from there");
}
