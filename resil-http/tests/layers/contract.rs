//! tower's contract, over its own mock: `poll_ready` is driven, and no service that is not ready is called (the mock
//! panics then).

use std::time::Duration;

use http::{Method, Request};
use resil_http::layers::{
    BulkheadLayer, CircuitLayer, FailedRequest, FallbackLayer, HedgeLayer, RateLimitLayer,
    RetryLayer, StackLayer, TimeoutLayer,
};
use resil_http::{BoxError, HttpOutcome};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{Stack, TimeoutPolicy};
use tokio::time::{sleep, timeout};
use tower_layer::Layer;
use tower_service::Service;
use tower_test::mock::{self, Handle, Mock, Spawn};

use crate::support::*;

type Inside = Mock<Request<Body>, Answer>;

fn spawn<L: Layer<Inside>>(layer: L) -> (Spawn<L::Service>, Handle<Request<Body>, Answer>) {
    mock::spawn_layer(layer)
}

/// What holds of each layer.
async fn hold<L>(layer: L)
where
    L: Layer<Inside>,
    L::Service:
        Service<Request<Body>, Response = Answer, Error = BoxError, Future: Send + 'static> + Clone,
{
    let (mut service, mut inside) = spawn(layer);
    // It is ready when the service inside is, and woken when that is.
    inside.allow(0);
    assert!(service.poll_ready::<Request<Body>>().is_pending());
    inside.allow(1);
    assert!(service.is_woken());
    assert!(service.poll_ready::<Request<Body>>().is_ready());

    // The one that is ready is the one that is called, while its clone is not.
    let call = tokio::spawn(service.call(request(Method::GET)));
    let (_, responder) = inside.next_request().await.unwrap();
    assert!(service.poll_ready::<Request<Body>>().is_pending());
    responder.send_response(answer(200));
    assert_eq!(call.await.unwrap().unwrap().status(), 200);

    // The error of `poll_ready`, as it is.
    inside.send_error("worn out");
    let std::task::Poll::Ready(Err(error)) = service.poll_ready::<Request<Body>>() else {
        panic!("the error of the service inside is its own")
    };
    assert_eq!(error.to_string(), "worn out");
}

#[tokio::test(start_paused = true)]
async fn each_layer_drives_poll_ready_and_calls_what_is_ready() {
    hold(RetryLayer::new(RETRY)).await;
    hold(TimeoutLayer::new(TimeoutPolicy::new(Duration::from_secs(
        1,
    ))))
    .await;
    hold(CircuitLayer::new(CircuitPolicy::new())).await;
    hold(BulkheadLayer::new(BulkheadPolicy::new())).await;
    hold(RateLimitLayer::new(RateLimitPolicy::new())).await;
    hold(HedgeLayer::new(HedgePolicy::new(HedgeAfter::Delay(ms(50))))).await;
    let all = Stack::new("contract-all")
        .circuit(CircuitPolicy::new())
        .retry(RETRY)
        .hedge(HedgePolicy::new(HedgeAfter::Delay(ms(50))))
        .timeout(ms(500));
    hold(StackLayer::new(all)).await;
    hold(FallbackLayer::new(
        |failed: FailedRequest<Answer>| async move { failed.answer },
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_not_polled_calls_nothing() {
    let (mut service, mut inside) = spawn(RetryLayer::new(RETRY));
    inside.allow(1);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    drop(service.call(request(Method::GET)));
    assert!(inside.poll_request().is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_waits_until_a_clone_is_ready() {
    let (mut service, mut inside) = spawn(RetryLayer::new(RETRY));
    inside.allow(1);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    let call = tokio::spawn(service.call(request(Method::GET)));
    let (_, responder) = inside.next_request().await.unwrap();
    responder.send_response(answer(503));
    // Its time has come, and no place is free.
    sleep(ms(1_000)).await;
    assert!(inside.poll_request().is_pending());
    inside.allow(1);
    let (_, responder) = inside.next_request().await.unwrap();
    responder.send_response(answer(200));
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_hedge_waits_until_a_clone_is_ready() {
    let hedge = HedgePolicy::new(HedgeAfter::Delay(ms(10))).no_budget();
    let (mut service, mut inside) = spawn(HedgeLayer::new(hedge));
    inside.allow(1);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    let call = tokio::spawn(service.call(request(Method::GET)));
    let (_, first) = inside.next_request().await.unwrap();
    sleep(ms(1_000)).await;
    assert!(inside.poll_request().is_pending());
    inside.allow(1);
    let (_, second) = inside.next_request().await.unwrap();
    second.send_response(answer(204));
    assert_eq!(call.await.unwrap().unwrap().status(), 204);
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_finds_no_service_ready_was_not_sent() {
    // So even a POST is sent again.
    let (mut service, mut inside) = spawn(
        RetryLayer::new(RETRY).outcome(HttpOutcome::new().not_sent(|e| e.to_string() == "refused")),
    );
    inside.allow(1);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    let call = tokio::spawn(service.call(request(Method::POST)));
    let (_, responder) = inside.next_request().await.unwrap();
    responder.send_error("refused");
    sleep(ms(5)).await;
    inside.send_error("no service");
    sleep(ms(10)).await;
    inside.allow(1);
    let (_, responder) = inside.next_request().await.unwrap();
    responder.send_response(answer(200));
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_the_service_comes_back_as_it_is() {
    #[derive(Debug, thiserror::Error)]
    #[error("mine")]
    struct Mine;
    let (mut service, mut inside) = spawn(RetryLayer::new(RETRY));
    inside.allow(3);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    let call = tokio::spawn(service.call(request(Method::GET)));
    for _ in 0..3 {
        let (_, responder) = inside.next_request().await.unwrap();
        responder.send_error(Mine);
    }
    let error = call.await.unwrap().unwrap_err();
    assert!(error.is::<Mine>(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_drops_its_attempt() {
    let (mut service, mut inside) = spawn(RetryLayer::new(RETRY));
    inside.allow(2);
    assert!(service.poll_ready::<Request<Body>>().is_ready());
    let call = service.call(request(Method::GET));
    assert!(timeout(ms(1), call).await.is_err());
    let (_, responder) = inside.next_request().await.unwrap();
    responder.send_response(answer(503));
    sleep(ms(1_000)).await;
    assert!(inside.poll_request().is_pending());
}
