//! Clients that go, and handlers that vanish.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use resil_runtime::Deadline;
use resil_runtime::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
use tokio::time::sleep;
use tower::ServiceExt;

use crate::support::{Effects, keys, pay, send, shop, with};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Polls until `time` has passed, and drops the request: its client is gone.
async fn gone_after(app: &Router, request: axum::extract::Request, time: Duration) {
    let answer = app.clone().oneshot(request);
    let gone = tokio::time::timeout(time, answer).await;
    assert!(gone.is_err(), "it was still in progress");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_has_begun_goes_on_without_its_client() {
    for conflict in [Conflict::Wait, Conflict::Reject] {
        let policy = IdempotentPolicy::new().conflict(conflict);
        let (app, effects) = shop(keys().policy(policy));
        let slow = || with(pay("k"), "x-takes", "1000");
        gone_after(&app, slow(), ms(100)).await;
        let again = send(&app, slow()).await;
        if conflict == Conflict::Reject {
            again.is_refused(409, "in_progress");
            sleep(ms(1_000)).await;
        } else {
            assert!(again.is_replay());
        }
        let again = send(&app, slow()).await;
        assert!(again.is_replay());
        assert_eq!(
            (again.status, again.body.as_str()),
            (201, "paid 1: 5 coins")
        );
        assert_eq!(effects.count(), 1);
    }
}

/// A request that only waits is dropped with its client: when its turn would come, nothing runs for nobody.
#[tokio::test(start_paused = true)]
async fn a_request_that_waits_goes_with_its_client() {
    let (app, effects) = shop(keys().policy(IdempotentPolicy::new()));
    // The first one fails after a second, and frees the key.
    let failing = || with(with(pay("k"), "x-takes", "1000"), "x-status", "503");
    let first = async { send(&app, failing()).await.status };
    let waiting = async {
        sleep(ms(10)).await;
        gone_after(&app, failing(), ms(100)).await;
    };
    assert_eq!(tokio::join!(first, waiting).0, 503);
    sleep(ms(5_000)).await;
    assert_eq!(effects.count(), 1);
}

/// One that is dropped before its first poll has begun nothing.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_at_once() {
    let (app, effects) = shop(keys());
    drop(app.clone().oneshot(pay("k")));
    let mut answer = pin!(app.clone().oneshot(pay("k")));
    let polled = std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await;
    assert!(polled.is_pending(), "its task has not run yet");
    sleep(ms(10)).await;
    assert_eq!(answer.await.unwrap().status(), 201);
    assert_eq!(effects.count(), 1);
}

/// A deadline outside gives up on the answer; the handler has the deadline, and goes on.
#[tokio::test(start_paused = true)]
async fn a_layer_outside_that_gives_up_cuts_no_handler() {
    let effects = Effects::default();
    let counted = effects.clone();
    let handler = move || async move {
        let left = Deadline::current().map(Deadline::remaining);
        sleep(ms(500)).await;
        counted.add();
        format!("{left:?}")
    };
    let app = Router::new().route("/pay", post(handler)).layer(keys());
    let late = Deadline::after(ms(100))
        .scope(async { tokio::time::timeout(ms(100), app.clone().oneshot(pay("k"))).await });
    assert!(late.await.is_err());
    sleep(ms(500)).await;
    let again = send(&app, pay("k")).await;
    assert!(again.is_replay());
    assert_eq!((again.body.as_str(), effects.count()), ("Some(100ms)", 1));
}

/// A panic goes through, and leaves an abandoned key behind.
#[tokio::test(start_paused = true)]
async fn a_handler_that_panics() {
    for (on_abandon, again) in [(OnAbandon::Retry, 200), (OnAbandon::Indeterminate, 409)] {
        let effects = Effects::default();
        let counted = effects.clone();
        let handler = move || async move {
            if counted.add() == 1 {
                std::panic::resume_unwind(Box::new("the handler's own"));
            }
            "paid"
        };
        let policy = IdempotentPolicy::new().on_abandon(on_abandon);
        let app = Router::new()
            .route("/pay", post(handler))
            .layer(keys().policy(policy));
        let request = app.clone().oneshot(pay("k"));
        let panic = tokio::spawn(request).await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref(), Some(&"the handler's own"));
        let seen = send(&app, pay("k")).await;
        assert_eq!(seen.status, again);
        if again == 409 {
            seen.is_refused(409, "indeterminate");
        }
    }
}

/// A body of ten leases keeps its key, and a request that comes meanwhile does not run.
#[tokio::test(start_paused = true)]
async fn a_long_handler_keeps_its_key() {
    let policy = IdempotentPolicy::new().lease(ms(100));
    let (app, effects) = shop(keys().policy(policy));
    let slow = || with(pay("k"), "x-takes", "1000");
    let second = async {
        sleep(ms(900)).await;
        send(&app, slow()).await
    };
    let (first, second) = tokio::join!(send(&app, slow()), second);
    assert!(!first.is_replay() && second.is_replay());
    assert_eq!(effects.count(), 1);
}
