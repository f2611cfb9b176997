//! A bulkhead: who goes in, who waits, and who gets a place that comes back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Time;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Waker};

use ::loom::future::block_on;
use ::loom::sync::atomic::{AtomicU32, Ordering::AcqRel};
use ::loom::thread;

use super::model::{Model, explore_within};
use crate::bulkhead::{BulkheadCore, BulkheadPolicy};

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "bulkhead: two calls and one place",
        check: two_calls_one_place,
        variants: &["bulkhead_take_in_one"],
    },
    Model {
        name: "bulkhead: a release against a call that begins to wait",
        check: release_against_waiter,
        variants: &["bulkhead_flag_in_one"],
    },
    Model {
        name: "bulkhead: drop of a waiter against the hand-over to it",
        check: drop_against_hand_over,
        variants: &["bulkhead_hand_on"],
    },
    Model {
        name: "bulkhead: two releases and one waiter",
        check: two_releases_one_waiter,
        variants: &["bulkhead_flag_in_one"],
    },
    Model {
        name: "bulkhead: a limit that is lowered under load",
        check: lowered_under_load,
        variants: &["bulkhead_limit_in_one"],
    },
    Model {
        name: "bulkhead: a limit that is raised against a call that begins to wait",
        check: raised_against_waiter,
        variants: &["bulkhead_flag_in_one"],
    },
    Model {
        name: "bulkhead: a place that is taken over against the call that fetches it",
        check: take_over_against_fetch,
        variants: &["bulkhead_take_over"],
    },
    Model {
        name: "bulkhead: the first call hears of a place that another one was handed",
        check: first_watches,
        variants: &["bulkhead_watch"],
    },
];

const NOON: u64 = 1 << 60;

fn noon() -> u64 {
    NOON
}

/// A bulkhead with room for eight to wait.
fn core(max: u32) -> Arc<BulkheadCore> {
    core_at(max, noon)
}

fn core_at(max: u32, clock: fn() -> u64) -> Arc<BulkheadCore> {
    let core = BulkheadCore::new("loom", clock);
    core.configure(&BulkheadPolicy::new().max(max).queue(8));
    Arc::new(core)
}

/// Goes in and out, and asserts that no more than `most` are inside.
fn pass(core: &BulkheadCore, inside: &AtomicU32, most: u32) {
    block_on(core.wait_in());
    let now = inside.fetch_add(1, AcqRel) + 1;
    assert!(now <= most, "{now} inside");
    inside.fetch_sub(1, AcqRel);
    core.release();
}

/// Goes in, after a wait if need be, and out.
fn in_and_out(core: &BulkheadCore) {
    block_on(core.wait_in());
    core.release();
}

/// A call that keeps its place once it is in.
fn waiter(core: &Arc<BulkheadCore>) -> Pin<Box<dyn Future<Output = ()>>> {
    let core = Arc::clone(core);
    Box::pin(async move { core.wait_in().await })
}

fn assert_empty(core: &BulkheadCore) {
    assert_eq!(core.counts(), (0, 0), "a place, or a waiter, was lost");
}

fn poll(future: Pin<&mut dyn Future<Output = ()>>) -> Poll<()> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// One is inside at a time.
fn two_calls_one_place() {
    explore_within(Some(3), || {
        let (core, inside) = (core(1), Arc::new(AtomicU32::new(0)));
        let (other, there) = (Arc::clone(&core), Arc::clone(&inside));
        let there = thread::spawn(move || pass(&other, &there, 1));
        pass(&core, &inside, 1);
        there.join().unwrap();
        assert_empty(&core);
    });
}

/// Who finds no place either makes the release see that somebody waits, or sees the place.
fn release_against_waiter() {
    explore_within(Some(3), || {
        let core = core(1);
        core.fill();
        let other = Arc::clone(&core);
        let there = thread::spawn(move || other.release());
        in_and_out(&core);
        there.join().unwrap();
        assert_empty(&core);
    });
}

/// A place that goes to a call which is being dropped goes on to the next one.
fn drop_against_hand_over() {
    explore_within(Some(3), || {
        let core = core(1);
        core.fill();
        let mut first = waiter(&core);
        assert!(poll(first.as_mut()).is_pending());
        let releasing = Arc::clone(&core);
        let there = thread::spawn(move || releasing.release());
        let next = Arc::clone(&core);
        let elsewhere = thread::spawn(move || in_and_out(&next));
        drop(first);
        there.join().unwrap();
        elsewhere.join().unwrap();
        assert_empty(&core);
    });
}

/// Both places are there afterwards, whoever hands one on.
fn two_releases_one_waiter() {
    explore_within(Some(3), || {
        let core = core(2);
        core.fill();
        core.fill();
        let threads = [0, 1].map(|_| {
            let other = Arc::clone(&core);
            thread::spawn(move || other.release())
        });
        in_and_out(&core);
        for there in threads {
            there.join().unwrap();
        }
        assert_empty(&core);
        core.fill();
        core.fill();
    });
}

/// The new limit holds, and no call that comes or goes meanwhile is forgotten.
fn lowered_under_load() {
    explore_within(Some(3), || {
        let core = core(2);
        core.fill();
        let (lowering, other) = (Arc::clone(&core), Arc::clone(&core));
        let there = thread::spawn(move || lowering.limit_to(1));
        let elsewhere = thread::spawn(move || other.release());
        in_and_out(&core);
        there.join().unwrap();
        elsewhere.join().unwrap();
        assert_empty(&core);
        core.fill();
        let mut second = waiter(&core);
        assert!(poll(second.as_mut()).is_pending(), "above the limit");
    });
}

/// Who waits gets the place that a higher limit makes.
fn raised_against_waiter() {
    explore_within(Some(3), || {
        let core = core(1);
        core.fill();
        let raising = Arc::clone(&core);
        let there = thread::spawn(move || raising.limit_to(2));
        in_and_out(&core);
        there.join().unwrap();
        core.release();
        assert_empty(&core);
    });
}

/// The time of the models below, which one of their threads moves on.
static NOW: Time = Time::new(NOON);

fn now() -> u64 {
    NOW.load(SeqCst)
}

/// A place that was handed to a call and taken over by the next one is not the first one's any more.
fn take_over_against_fetch() {
    explore_within(Some(3), || {
        NOW.store(NOON, SeqCst);
        let core = core_at(1, now);
        core.fill();
        let mut slow = waiter(&core);
        assert!(poll(slow.as_mut()).is_pending());
        let mut next = waiter(&core);
        assert!(poll(next.as_mut()).is_pending());
        core.release();
        NOW.store(NOON + 10_000_000, SeqCst);
        let inside = Arc::new(AtomicU32::new(0));
        let there = Arc::clone(&inside);
        let there = thread::spawn(move || {
            let is_in = poll(next.as_mut()).is_ready();
            there.fetch_add(u32::from(is_in), AcqRel);
            next
        });
        let is_in = poll(slow.as_mut()).is_ready();
        inside.fetch_add(u32::from(is_in), AcqRel);
        let next = there.join().unwrap();
        assert_eq!(inside.load(AcqRel), 1, "inside at once");
        drop((slow, next));
        core.release();
        assert_empty(&core);
    });
}

/// The time goes on by 10 ms with each look at it.
fn later() -> u64 {
    NOW.fetch_add(10_000_000, SeqCst)
}

/// The first call in the queue is woken when a place is handed to another one, to look after it.
fn first_watches() {
    explore_within(Some(3), || {
        NOW.store(NOON, SeqCst);
        let core = core_at(1, later);
        core.fill();
        let mut absent = waiter(&core);
        assert!(poll(absent.as_mut()).is_pending());
        let releasing = Arc::clone(&core);
        let there = thread::spawn(move || releasing.release());
        in_and_out(&core);
        there.join().unwrap();
        drop(absent);
        assert_empty(&core);
    });
}
