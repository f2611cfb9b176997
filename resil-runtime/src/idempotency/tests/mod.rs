//! Calls as generated code makes them, over stores of their own.

mod abandon;
mod bounds;
mod calls;
mod codec;
mod keys;
mod model;
mod table;
mod turns;
mod waiting;

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::claiming::{ClaimFuture, ClaimOutcome};
use super::codec::{JsonFns, ResultCodec, ResultFns, recorded};
use super::key::{KeyBuilder, PreparedFingerprint, PreparedKey};
use super::key_part::KeyPart;
use super::memory::{MemoryLimits, MemoryStore};
use super::running::Running;
use super::site::IdempotentSite;
use super::*;
use crate::Error;
use crate::call::Site;
use crate::call::conversions::{Conversions, conversions, into_return, wrap_body};
use crate::call::{CallState, watch};
use crate::call::{Failure, Outcome};
use crate::clock;
use crate::error::Refusal;
use crate::event::{Event, Subscription, subscribe};
use crate::timeout::{refuse_late, timeout};

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
enum ShopError {
    #[error("declined")]
    Declined,
    #[error(transparent)]
    Resil(#[from] Error),
}

type Answered<T> = Result<T, ShopError>;

static SITE: Site = Site::new("shop::charge", 7);
const PLAIN: IdempotentPolicy = IdempotentPolicy::new();
const LEASE: Duration = Duration::from_secs(30);

fn store() -> &'static MemoryStore {
    store_of(MemoryLimits::new())
}

fn store_of(limits: MemoryLimits) -> &'static MemoryStore {
    Box::leak(Box::new(MemoryStore::new(limits)))
}

fn key<P: KeyPart + ?Sized>(part: &P) -> PreparedKey {
    KeyBuilder::new().part(part).finish()
}

async fn sleep(d: Duration) {
    clock::sleep_until(clock::add(clock::now(), d)).await;
}

/// What a function under `#[idempotent]` becomes; `inside` is given the call's state to watch bodies with.
async fn stack<T>(
    store: &'static MemoryStore,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    fingerprint: Option<PreparedFingerprint>,
    inside: impl AsyncFnOnce(
        &CallState,
        Conversions<Answered<T>, T, ShopError, Refusal>,
    ) -> Outcome<T, ShopError>,
) -> Answered<T>
where
    T: Serialize + DeserializeOwned,
{
    let site = IdempotentSite::new(&SITE, None);
    let gate = conversions::<Answered<T>, T, ShopError>();
    let codec = recorded::<Answered<T>, T, ShopError>();
    let state = CallState::new();
    let ran = Cell::new(false);
    let out = site
        .of(None)
        .begin_in(store, policy, key, fingerprint, codec, &state)
        .run(async {
            ran.set(true);
            inside(&state, gate).await
        })
        .await;
    assert_eq!(state.replayed(), out.is_ok() && !ran.get());
    into_return(out, gate)
}

/// `#[idempotent]` alone around `body`.
async fn call<T: Serialize + DeserializeOwned>(
    store: &'static MemoryStore,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    body: impl Future<Output = Answered<T>>,
) -> Answered<T> {
    stack(store, policy, key, None, async move |state, gate| {
        wrap_body(watch(body, state).await, gate)
    })
    .await
}

/// `#[idempotent]` around `#[timeout(limit)]` around `body`.
async fn call_cut<T: Serialize + DeserializeOwned>(
    store: &'static MemoryStore,
    policy: &IdempotentPolicy,
    key: PreparedKey,
    limit: Duration,
    body: impl Future<Output = Answered<T>>,
) -> Answered<T> {
    stack(store, policy, key, None, async move |state, gate| {
        let attempt = async { wrap_body(watch(body, state).await, gate) };
        let out = timeout(limit, attempt).await;
        out.unwrap_or_else(|elapsed| refuse_late(elapsed, &SITE, limit, Some(state)))
    })
    .await
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

/// Why idempotency refused.
#[track_caller]
fn refused<T: Debug>(answer: Answered<T>) -> IdempotencyError {
    match answer {
        Err(ShopError::Resil(Error::Idempotency(e))) => e,
        other => panic!("expected a refusal: {other:?}"),
    }
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
