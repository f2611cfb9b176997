//! A request once for each key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, poll_immediate};
use resil_http::BoxError;
use resil_http::layers::IdempotentLayer;
use resil_runtime::Error;
use resil_runtime::idempotency::{Conflict, IdempotencyError, IdempotentPolicy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tower::ServiceExt as _;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::support::ms;

const ONCE: IdempotentPolicy = IdempotentPolicy::new();

#[derive(Clone, Copy)]
struct Charge {
    order: Option<u64>,
    fails: bool,
}

const fn charge(order: u64) -> Charge {
    Charge {
        order: Some(order),
        fails: false,
    }
}

fn order(charge: &Charge) -> Option<u64> {
    charge.order
}

/// Counts its calls, each of which takes 100 ms, and answers with their number. `poll_ready` reserves one of its places.
struct Bank {
    calls: Arc<AtomicUsize>,
    places: Arc<Semaphore>,
    reserved: Option<OwnedSemaphorePermit>,
}

impl Bank {
    fn new(places: usize) -> Self {
        Self {
            calls: Arc::default(),
            places: Arc::new(Semaphore::new(places)),
            reserved: None,
        }
    }
}

impl Clone for Bank {
    fn clone(&self) -> Self {
        Self {
            calls: Arc::clone(&self.calls),
            places: Arc::clone(&self.places),
            reserved: None,
        }
    }
}

impl Service<Charge> for Bank {
    type Response = usize;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<usize, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.reserved.is_none() {
            let place = Arc::clone(&self.places).try_acquire_owned();
            self.reserved = Some(place.map_err(|_| "no place is free")?);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, charge: Charge) -> Self::Future {
        let place = self.reserved.take().expect("it was found ready");
        let n = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            sleep(ms(100)).await;
            drop(place);
            if charge.fails {
                return Err("the bank fails".into());
            }
            Ok(n)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gets_the_recorded_answer() {
    let bank = Bank::new(10);
    let service = IdempotentLayer::new("layer.once", ONCE, order).layer(bank.clone());
    for _ in 0..3 {
        assert_eq!(service.clone().oneshot(charge(7)).await.unwrap(), 1);
    }
    assert_eq!(service.clone().oneshot(charge(8)).await.unwrap(), 2);
    assert_eq!(bank.calls.load(Ordering::SeqCst), 2);
    // All that give the name share its keys.
    let by_hand = ONCE.name("layer.once").run(&7_u64, || async {
        unreachable!("it is recorded");
        #[expect(unreachable_code, reason = "the type of the answer")]
        Ok::<usize, Error>(0)
    });
    assert_eq!(by_hand.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_frees_the_key_and_a_request_without_one_is_sent_each_time() {
    let bank = Bank::new(10);
    let service = IdempotentLayer::new("layer.errors", ONCE, order).layer(bank);
    let failing = Charge {
        fails: true,
        ..charge(7)
    };
    let error = service.clone().oneshot(failing).await.unwrap_err();
    assert_eq!(error.to_string(), "the bank fails");
    assert_eq!(service.clone().oneshot(charge(7)).await.unwrap(), 2);
    let without = Charge {
        order: None,
        fails: false,
    };
    assert_eq!(service.clone().oneshot(without).await.unwrap(), 3);
    assert_eq!(service.clone().oneshot(without).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_comes_meanwhile_waits_and_has_nothing_reserved() {
    let bank = Bank::new(2);
    let places = Arc::clone(&bank.places);
    let mut service = IdempotentLayer::new("layer.waits", ONCE, order).layer(bank.clone());
    let mut first = service.ready().await.unwrap().call(charge(7));
    assert!(poll_immediate(&mut first).await.is_none());
    let mut second = service.ready().await.unwrap().call(charge(7));
    assert_eq!(places.available_permits(), 0);
    assert!(poll_immediate(&mut second).await.is_none());
    assert_eq!(
        places.available_permits(),
        1,
        "that of the first one alone is taken"
    );
    assert_eq!(first.await.unwrap(), 1);
    assert_eq!(second.await.unwrap(), 1);
    // Nor does one that is answered at once, though its future is kept.
    let mut replayed = service.ready().await.unwrap().call(charge(7));
    assert_eq!((&mut replayed).await.unwrap(), 1);
    assert_eq!(places.available_permits(), 2);
    drop(replayed);
    assert_eq!(bank.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_one_that_failed_finds_a_clone_ready() {
    let bank = Bank::new(2);
    let mut service = IdempotentLayer::new("layer.again", ONCE, order).layer(bank);
    let failing = Charge {
        fails: true,
        ..charge(7)
    };
    let mut first = service.ready().await.unwrap().call(failing);
    assert!(poll_immediate(&mut first).await.is_none());
    let mut second = service.ready().await.unwrap().call(charge(7));
    assert!(poll_immediate(&mut second).await.is_none());
    first.await.unwrap_err();
    assert_eq!(second.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_one_of_resil() {
    let fails = ONCE.conflict(Conflict::Reject);
    let mut service = IdempotentLayer::new("layer.fails", fails, order).layer(Bank::new(2));
    let mut first = service.ready().await.unwrap().call(charge(7));
    assert!(poll_immediate(&mut first).await.is_none());
    let error = service.oneshot(charge(7)).await.unwrap_err();
    let refusal = error.downcast_ref::<Error>();
    assert!(
        matches!(
            refusal,
            Some(Error::Idempotency(IdempotencyError::InProgress { .. }))
        ),
        "{error:?}"
    );
    assert_eq!(first.await.unwrap(), 1);
}
