//! Single flight: who runs for a key, who waits for whom, and what the store holds. Whole calls, as
//! generated code makes them.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use ::loom::{future::block_on, thread};

use super::IdempotentPolicy;
use super::capacity::{Capacity, Room};
use super::codec::recorded;
use super::key::KeyBuilder;
use super::memory::{MemoryLimits, MemoryStore};
use super::site::IdempotentSite;
use crate::Error;
use crate::call::Site;
use crate::call::conversions::{conversions, into_return, wrap_body};
use crate::call::{CallState, watch};
use crate::loom::{Model, explore, explore_within};

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "idempotency: leader drop against waiter",
        check: leader_drop_against_waiter,
        variants: &["ask_again"],
    },
    Model {
        name: "idempotency: leader's result against waiter",
        check: result_against_waiter,
        variants: &["ask_again"],
    },
    Model {
        name: "idempotency: drop of a waiter against the call to it",
        check: waiter_drop_against_call,
        variants: &["hand_on"],
    },
    Model {
        name: "idempotency: room taken against room given back",
        check: room_against_room,
        variants: &["room_in_one"],
    },
];

type Answer = Result<u32, Error>;
type Call = Pin<Box<dyn Future<Output = Answer>>>;

static SITE: Site = Site::new("loom", 1);
static POLICY: IdempotentPolicy = IdempotentPolicy::new();

fn store() -> &'static MemoryStore {
    // A waiting room is for ever; one for each run of the model.
    Box::leak(Box::new(MemoryStore::new(MemoryLimits::new().entries(8))))
}

/// A call for the one key that there is.
fn call(store: &'static MemoryStore, body: impl Future<Output = Answer> + 'static) -> Call {
    Box::pin(async move {
        let gate = conversions::<Answer, u32, Error>();
        let codec = recorded::<Answer, u32, Error>();
        let state = CallState::new();
        let key = KeyBuilder::new().part("key").finish();
        let out = IdempotentSite::new(&SITE, None)
            .of(None)
            .begin_in(store, &POLICY, key, None, codec, &state)
            .run(async { wrap_body(watch(body, &state).await, gate) })
            .await;
        into_return(out, gate)
    })
}

/// `call`, polled once and pending.
fn begun(mut call: Call) -> Call {
    assert!(poll(&mut call).is_pending());
    call
}

fn poll(call: &mut Call) -> Poll<Answer> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// The key that a leader leaves behind is the waiter's.
fn leader_drop_against_waiter() {
    explore(|| {
        let store = store();
        let leader = begun(call(store, pending()));
        let gone = thread::spawn(move || drop(leader));
        assert_eq!(block_on(call(store, async { Ok(2) })), Ok(2));
        gone.join().unwrap();
        assert!(store.waiters.is_empty());
    });
}

/// JsonFns waiters share the leader's result, and nothing runs again.
fn result_against_waiter() {
    explore_within(Some(3), || {
        let store = store();
        let mut leader = begun(call(store, {
            let mut polls = 0;
            std::future::poll_fn(move |_| {
                polls += 1;
                if polls == 2 {
                    Poll::Ready(Ok(1))
                } else {
                    Poll::Pending
                }
            })
        }));
        let done = thread::spawn(move || assert_eq!(poll(&mut leader), Poll::Ready(Ok(1))));
        let waiter = move || assert_eq!(block_on(call(store, async { Ok(2) })), Ok(1));
        let second = thread::spawn(waiter);
        waiter();
        second.join().unwrap();
        done.join().unwrap();
        assert!(store.waiters.is_empty());
    });
}

/// A waiter that was called and leaves hands the call on.
fn waiter_drop_against_call() {
    explore_within(Some(4), || {
        let store = store();
        let leader = begun(call(store, pending()));
        let first = begun(call(store, async { Ok(2) }));
        let gone = thread::spawn(move || drop(leader));
        let leaves = thread::spawn(move || drop(first));
        assert_eq!(block_on(call(store, async { Ok(3) })), Ok(3));
        gone.join().unwrap();
        leaves.join().unwrap();
        assert!(store.waiters.is_empty());
    });
}

/// Never more than there is, and nothing is left taken.
fn room_against_room() {
    explore(|| {
        let capacity = Arc::new(Capacity::new(1, 10));
        let inside = Arc::new(AtomicUsize::new(0));
        let visit = {
            let capacity = Arc::clone(&capacity);
            move || {
                if let Some(room) = Room::take(&capacity, 1, 8) {
                    assert_eq!(inside.fetch_add(1, SeqCst), 0, "two in a room for one");
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    drop(room);
                }
            }
        };
        let other = thread::spawn(visit.clone());
        visit();
        other.join().unwrap();
        assert_eq!(capacity.held(), (0, 0));
    });
}
