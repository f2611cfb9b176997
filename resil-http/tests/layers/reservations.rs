//! What `poll_ready` has reserved: a refused call has nothing of it, a call that waits gives it back, and clones
//! reserve nothing.

use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::future::poll_immediate;
use http::Method;
use resil_http::layers::{BulkheadLayer, CircuitLayer, RateLimitLayer, RetryLayer, StackLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{Error, Stack};
use tokio::time::sleep;
use tower::ServiceExt as _;
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_clone_reserves_nothing() {
    let inside = Places::new(1, |_| (ms(0), 200));
    let (places, _) = inside.watch();
    let mut service = RetryLayer::new(RETRY).layer(inside);
    service.ready().await.unwrap();
    assert_eq!(places.available_permits(), 0);
    let mut clone = service.clone();
    assert!(poll_immediate(clone.ready()).await.is_none());
    // The reservation goes with the request, and leaves a service that has none.
    let call = service.call(request(Method::GET));
    assert!(poll_immediate(service.ready()).await.is_none());
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_gives_the_reservation_back() {
    let inside = Places::new(1, |_| (ms(0), 500));
    let (places, calls) = inside.watch();
    let mut service = CircuitLayer::new(CircuitPolicy::new().failures(1)).layer(inside);
    let answer = service.ready().await.unwrap().call(request(Method::GET));
    assert_eq!(answer.await.unwrap().status(), 500);

    let mut refused = service.ready().await.unwrap().call(request(Method::GET));
    assert_eq!(places.available_permits(), 0);
    let Poll::Ready(out) = futures_util::poll!(&mut refused) else {
        panic!("a refusal takes no time")
    };
    let error = out.unwrap_err();
    let refusal = error.downcast_ref::<Error>();
    assert!(
        matches!(refusal, Some(Error::CircuitOpen { .. })),
        "{error:?}"
    );
    // The future is still there, and holds nothing.
    assert_eq!(places.available_permits(), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    drop(refused);
}

#[tokio::test(start_paused = true)]
async fn a_full_bulkhead_and_a_rate_limit_give_the_reservation_back() {
    let inside = Places::new(2, |_| (ms(100), 200));
    let (places, calls) = inside.watch();
    let mut service = BulkheadLayer::new(BulkheadPolicy::new().max(1)).layer(inside);
    let first = service.ready().await.unwrap().call(request(Method::GET));
    let first = tokio::spawn(first);
    sleep(ms(1)).await;
    let full = service
        .ready()
        .await
        .unwrap()
        .call(request(Method::GET))
        .await;
    let error = full.unwrap_err();
    let refusal = error.downcast_ref::<Error>();
    assert!(
        matches!(refusal, Some(Error::BulkheadFull { .. })),
        "{error:?}"
    );
    assert_eq!(
        (places.available_permits(), calls.load(Ordering::SeqCst)),
        (1, 1)
    );
    first.await.unwrap().unwrap();

    let inside = Places::new(1, |_| (ms(0), 200));
    let (places, calls) = inside.watch();
    let mut service = RateLimitLayer::new(RateLimitPolicy::new().max(1)).layer(inside);
    let first = service.ready().await.unwrap().call(request(Method::GET));
    first.await.unwrap();
    let late = service
        .ready()
        .await
        .unwrap()
        .call(request(Method::GET))
        .await;
    let error = late.unwrap_err();
    let refusal = error.downcast_ref::<Error>();
    assert!(
        matches!(refusal, Some(Error::RateLimited { .. })),
        "{error:?}"
    );
    assert_eq!(
        (places.available_permits(), calls.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_place_or_its_turn_gives_the_reservation_back() {
    let inside = Places::new(2, |_| (ms(100), 200));
    let (places, _) = inside.watch();
    let queue = BulkheadPolicy::new().max(1).queue(1).wait(ms(1_000));
    let mut service = BulkheadLayer::new(queue).layer(inside);
    let first = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    sleep(ms(1)).await;
    let second = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    sleep(ms(1)).await;
    assert_eq!(
        places.available_permits(),
        1,
        "that of the first one alone is taken"
    );
    first.await.unwrap().unwrap();
    assert_eq!(second.await.unwrap().unwrap().status(), 200);

    let inside = Places::new(1, |_| (ms(0), 200));
    let (places, _) = inside.watch();
    let turns = RateLimitPolicy::new().max(1).wait(ms(2_000));
    let mut service = RateLimitLayer::new(turns).layer(inside);
    let first = service.ready().await.unwrap().call(request(Method::GET));
    first.await.unwrap();
    let second = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    sleep(ms(1)).await;
    assert_eq!(places.available_permits(), 1);
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
}

/// The second call would wait for the place in the bulkhead that the first one has, and the first one for the place
/// inside that the second one has reserved.
#[tokio::test(start_paused = true)]
async fn no_two_calls_wait_for_each_other() {
    let inside = Places::new(1, |n| (ms(10), if n == 1 { 503 } else { 200 }));
    let (places, calls) = inside.watch();
    let stack = Stack::new("layers-no-deadlock")
        .bulkhead(BulkheadPolicy::new().max(1).queue(1).wait(ms(10_000)))
        .retry(RETRY);
    let mut service = StackLayer::new(stack).layer(inside);
    let first = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    let second = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
    assert_eq!(
        (places.available_permits(), calls.load(Ordering::SeqCst)),
        (1, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_reserved_in_the_pause_of_a_retry() {
    let inside = Places::new(1, |n| (ms(1), if n == 1 { 503 } else { 200 }));
    let (places, calls) = inside.watch();
    let mut service = RetryLayer::new(RETRY).layer(inside);
    let call = tokio::spawn(service.ready().await.unwrap().call(request(Method::GET)));
    sleep(ms(5)).await;
    assert_eq!(
        (places.available_permits(), calls.load(Ordering::SeqCst)),
        (1, 1)
    );
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_the_reservation_back() {
    let inside = Places::new(1, |_| (ms(100), 200));
    let (places, _) = inside.watch();
    let mut service = RetryLayer::new(RETRY).layer(inside);
    drop(service.ready().await.unwrap().call(request(Method::GET)));
    assert_eq!(places.available_permits(), 1);
    let mut call = service.ready().await.unwrap().call(request(Method::GET));
    assert!(futures_util::poll!(&mut call).is_pending());
    assert_eq!(places.available_permits(), 0);
    drop(call);
    assert_eq!(places.available_permits(), 1);
}
