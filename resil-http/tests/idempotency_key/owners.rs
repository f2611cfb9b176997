//! Clients that go, and handlers that vanish.

use std::convert::Infallible;
use std::future::pending;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::routing::post;
use http_body::{Frame, SizeHint};
use resil_http::server::{DeadlineLayer, IdempotencyKeyLayer};
use resil_runtime::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
use resil_runtime::{Deadline, Error, Stack};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use crate::support::{Effects, keys, pay, send, shop, to, with};

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

/// Returns an app whose handler has an effect, and then asks another service for something that takes `takes`: under a
/// timeout, which keeps to the deadline in force.
fn charging(keys: IdempotencyKeyLayer, takes: Duration) -> (Router, Effects) {
    let (app, effects) = charging_alone(takes);
    (app.layer(keys), effects)
}

/// The same, without keys.
fn charging_alone(takes: Duration) -> (Router, Effects) {
    static ASKS: Stack = Stack::new("owners.asks").timeout(Duration::from_secs(60));
    let effects = Effects::default();
    let counted = effects.clone();
    let handler = move || async move {
        let effect = counted.add();
        let asked = ASKS.run(|| async {
            sleep(takes).await;
            Ok::<_, Error>(())
        });
        asked.await.map(|()| format!("charged {effect}"))
    };
    (Router::new().route("/pay", post(handler)), effects)
}

/// The deadline is that of the client. It must not cut the handler behind its effect: the key would be free.
#[tokio::test(start_paused = true)]
async fn a_deadline_outside_cuts_no_handler() {
    let (app, effects) = charging(keys(), ms(500));
    let apps = [
        app.clone().layer(DeadlineLayer::new().max(ms(100))),
        app.clone().layer(DeadlineLayer::new()),
    ];
    for (n, app) in (1..).zip(apps) {
        let request = || with(pay(&format!("k{n}")), "x-request-timeout-ms", "100");
        assert_eq!(send(&app, request()).await.status, 504);
        assert_eq!(effects.count(), n);
        sleep(ms(500)).await;
        let again = send(&app, request()).await;
        assert!(again.is_replay());
        assert_eq!((again.body, effects.count()), (format!("charged {n}"), n));
    }
    // One that is in force and that nobody enforces.
    let inside = Deadline::after(ms(100)).scope(send(&app, pay("k3")));
    assert_eq!(inside.await.body, "charged 3");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_keeps_to_its_deadline() {
    let (app, _) = charging(keys().policy(IdempotentPolicy::new()), ms(500));
    let second = async {
        sleep(ms(10)).await;
        let began = Instant::now();
        let refused = Deadline::after(ms(100)).scope(send(&app, pay("k"))).await;
        (refused, began.elapsed())
    };
    let (_, (refused, took)) = tokio::join!(send(&app, pay("k")), second);
    refused.is_refused(409, "in_progress");
    assert_eq!(took.as_millis(), 100);
}

/// The body of an answer that says how long it is, and never comes.
struct Stalls;

impl HttpBody for Stalls {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(5)
    }
}

/// Nothing else would ever end it: it would keep its key, and its place in a bulkhead.
#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_dropped_in_the_end() {
    let minute = Duration::from_secs(60);
    for on_abandon in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let policy = IdempotentPolicy::new().on_abandon(on_abandon);
        for (limit, keys) in [
            (minute, keys().policy(policy).max_run(minute)),
            (10 * minute, keys().policy(policy)),
        ] {
            let effects = Effects::default();
            let (counted, other) = (effects.clone(), effects.clone());
            let hangs = move || async move {
                counted.add();
                pending::<()>().await;
            };
            let stalls = move || async move {
                other.add();
                Body::new(Stalls)
            };
            let app = Router::new()
                .route("/pay", post(hangs))
                .route("/other", post(stalls))
                .layer(keys);
            for (path, n) in [("/pay", 1), ("/other", 2)] {
                let request = || to("POST", path, path, "5 coins");
                let began = Instant::now();
                send(&app, request()).await.is_refused(504, "timeout");
                assert_eq!(began.elapsed(), limit);
                let again = send(&app, request()).await;
                if on_abandon == OnAbandon::Retry {
                    again.is_refused(504, "timeout");
                    assert_eq!(effects.count(), 2 * n);
                } else {
                    again.is_refused(409, "indeterminate");
                    assert_eq!(effects.count(), n);
                }
            }
        }
    }
}

/// What was cut may have had its effect, whatever has cut it. Any other answer of 5xx says that nothing was done.
#[tokio::test(start_paused = true)]
async fn an_answer_of_who_stopped_waiting_abandons_the_key() {
    let policy = IdempotentPolicy::new().on_abandon(OnAbandon::Indeterminate);
    let (app, effects) = shop(keys().policy(policy));
    for (n, status) in (1..).zip(["408", "504"]) {
        let request = || with(pay(&format!("k{status}")), "x-status", status);
        assert_eq!(send(&app, request()).await.status.to_string(), status);
        send(&app, request()).await.is_refused(409, "indeterminate");
        assert_eq!(effects.count(), n);
    }
    for status in ["425", "429", "500", "502", "503"] {
        let request = || with(pay(&format!("k{status}")), "x-status", status);
        let (first, again) = (send(&app, request()).await, send(&app, request()).await);
        assert_eq!(first.status, again.status);
    }
    assert_eq!(effects.count(), 12);
    // A timeout inside of the handler, and a deadline inside of the keys.
    let of_handler = charging(keys().policy(policy), Duration::MAX);
    let (slow, effects) = charging_alone(ms(1_000));
    let of_layer = slow.layer(DeadlineLayer::new().max(ms(100)));
    let of_layer = (of_layer.layer(keys().policy(policy)), effects);
    for (app, effects) in [of_handler, of_layer] {
        assert_eq!(send(&app, pay("k")).await.status, 504);
        send(&app, pay("k")).await.is_refused(409, "indeterminate");
        assert_eq!(effects.count(), 1);
    }
    // With the default it runs again.
    let (app, effects) = shop(keys());
    let request = || with(pay("k"), "x-status", "504");
    assert_eq!(send(&app, request()).await.status, 504);
    assert_eq!(send(&app, request()).await.status, 504);
    assert_eq!(effects.count(), 2);
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
