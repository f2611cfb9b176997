//! Calls on a shared store, as generated code makes them.

mod blocked;
#[cfg(feature = "shutdown")]
mod cancelled;
mod ending;
mod fingerprints;
mod flaky;
mod holding;
mod manual;
mod outage;
mod sharing;
mod simulator;
mod turns;

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil_runtime::__private::for_tests::{Conversions, Outcome, Refusal};
use resil_runtime::__private::stores::{self as memory, PreparedKey};
use resil_runtime::__private::{
    CallState, Failure, KeyBuilder, PreparedFingerprint, Site, conversions, into_return,
    refuse_late, timeout, watch, weigh, wrap_body,
};
use resil_runtime::event::{Event, Subscription, subscribe};
use resil_runtime::idempotency::{
    Conflict, IdempotencyError, IdempotencyEvent, IdempotentPolicy, KeyPart, NotRecordedReason,
    OnAbandon, Store,
};
use resil_runtime::{Error, clock};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::codec::{recorded, recorded_with_errors};
use crate::install::StoreChoice;
use crate::site::IdempotentSite;
use flaky::{Fate, Flaky, Step, forward};
use resil_runtime::idempotency::store::{ByHand, Memory};

static SITE: Site = Site::new("shop::charge", 7);
const PLAIN: IdempotentPolicy = IdempotentPolicy::new();
const LEASE: Duration = Duration::from_secs(30);

fn key<P: KeyPart + ?Sized>(part: &P) -> PreparedKey {
    KeyBuilder::new().part(part).finish()
}

async fn sleep(d: Duration) {
    clock::sleep_until(clock::add(clock::now(), d)).await;
}

/// The outcome of `future`, or its panic.
async fn caught<F: Future>(future: F) -> std::thread::Result<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// Polls `future` once, and leaves it pending.
async fn begin_to_run<F: Future>(future: Pin<&mut F>) {
    let mut future = Some(future);
    std::future::poll_fn(|cx| {
        let future = future.take().expect("polled once");
        assert!(future.poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// The events of this scope while it lives. Tests run side by side: each takes its own thread's.
struct Heard {
    events: Arc<Mutex<Vec<IdempotencyEvent>>>,
    _subscription: Subscription,
}

fn listen() -> Heard {
    let events = Arc::new(Mutex::new(Vec::new()));
    let thread = std::thread::current().id();
    let heard = Arc::clone(&events);
    let subscription = subscribe(move |event| {
        if let Event::Idempotency { what, .. } = event
            && std::thread::current().id() == thread
        {
            heard.lock().unwrap().push(*what);
        }
    });
    Heard {
        events,
        _subscription: subscription,
    }
}

impl Heard {
    fn take(&self) -> Vec<IdempotencyEvent> {
        std::mem::take(&mut self.events.lock().unwrap())
    }
}

/// `#[idempotent]` on that store, around what `inside` makes.
async fn stack_on<T>(
    shared: &Shared,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    fingerprint: Option<PreparedFingerprint>,
    keeps: bool,
    inside: impl AsyncFnOnce(
        &CallState,
        Conversions<Kept<T>, T, Declined, Refusal>,
    ) -> Outcome<T, Declined>,
) -> Kept<T>
where
    T: Serialize + DeserializeOwned,
{
    let site = IdempotentSite::new(&SITE, Some("charge"));
    let gate = conversions::<Kept<T>, T, Declined>();
    let codec = if keeps {
        recorded_with_errors::<Kept<T>, T, Declined>()
    } else {
        recorded::<Kept<T>, T, Declined>()
    };
    let state = CallState::new();
    let out = site
        .of(None)
        .begin_on(
            StoreChoice::of(shared),
            policy,
            key,
            fingerprint,
            codec,
            &state,
        )
        .run(async { weigh(inside(&state, gate).await, &state, |_| false, |_| keeps) })
        .await;
    into_return(out, gate)
}

/// `#[idempotent]` alone around `body`.
async fn call_on<T: Serialize + DeserializeOwned>(
    shared: &Shared,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    body: impl Future<Output = Kept<T>>,
) -> Kept<T> {
    stack_on(
        shared,
        policy,
        key,
        None,
        false,
        async move |state, gate| wrap_body(watch(body, state).await, gate),
    )
    .await
}

type Kept<T> = Result<T, Declined>;

/// An error that can be stored.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
enum Declined {
    Card(u8),
    #[serde(skip)]
    Resil(Error),
}

impl From<Error> for Declined {
    fn from(e: Error) -> Self {
        Self::Resil(e)
    }
}

#[track_caller]
fn refusal<T: Debug>(answer: Kept<T>) -> IdempotencyError {
    match answer {
        Err(Declined::Resil(Error::Idempotency(e))) => e,
        other => panic!("expected a refusal: {other:?}"),
    }
}

fn memory() -> Shared {
    Shared::new(Memory::default())
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_call_in_memory_is_no_larger_for_the_stores_beside_it() {
    fn send<X: Send>() {}
    type InMemory = memory::Running<'static, u8, u8, ()>;
    type Either = crate::running::Running<'static, u8, u8, ()>;
    send::<crate::running::Running<'static, u8, u8, std::future::Ready<()>>>();
    assert_eq!(size_of::<Either>(), size_of::<InMemory>());
}
