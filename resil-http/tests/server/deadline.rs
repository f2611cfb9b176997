//! The deadline of a request.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::get as on_get;
use futures_util::FutureExt as _;
use http::{HeaderName, Request, StatusCode};
use resil_http::server::DeadlineLayer;
use resil_runtime::{Deadline, Error};
use tokio::time::{Instant, advance};
use tower::{Service as _, ServiceExt as _};
use tower_layer::Layer as _;

use crate::{Counter, get, grpc_status, header, problem, request, send, text};

/// Answers with what is left of the deadline, in nanoseconds.
async fn left() -> String {
    let left = Deadline::current().map(Deadline::remaining);
    left.map_or("none".into(), |left| left.as_nanos().to_string())
}

fn app(layer: DeadlineLayer) -> Router {
    Router::new().route("/", on_get(left)).layer(layer)
}

/// What is left in the handler of a request with these headers.
async fn left_with(layer: DeadlineLayer, headers: &[(&str, &str)]) -> Duration {
    let response = send(&app(layer), request("/", headers)).await;
    assert_eq!(response.status(), 200, "{headers:?}");
    Duration::from_nanos(text(response).await.parse().unwrap())
}

const LONG: Duration = Duration::from_secs(1_000_000_000);

#[tokio::test(start_paused = true)]
async fn each_header_is_the_deadline_of_the_handler() {
    let millis = Duration::from_millis;
    for (name, value, time) in [
        ("grpc-timeout", "2H", millis(7_200_000)),
        ("grpc-timeout", "3M", millis(180_000)),
        ("grpc-timeout", "4S", millis(4_000)),
        ("grpc-timeout", "1500m", millis(1_500)),
        ("grpc-timeout", "7u", Duration::from_micros(7)),
        ("grpc-timeout", "9n", Duration::from_nanos(9)),
        // The most of each unit.
        ("grpc-timeout", "99999999m", millis(99_999_999)),
        ("grpc-timeout", "00000001S", millis(1_000)),
        ("x-envoy-expected-rq-timeout-ms", "1200", millis(1_200)),
        ("x-envoy-expected-rq-timeout-ms", "0005", millis(5)),
        ("x-request-timeout-ms", "250", millis(250)),
        // Any case: names of headers have none.
        ("X-Request-Timeout-Ms", "251", millis(251)),
    ] {
        let left = left_with(DeadlineLayer::new().max(LONG), &[(name, value)]).await;
        assert_eq!(left, time, "{name}: {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sooner_one_counts() {
    for (headers, millis) in [
        (
            &[("grpc-timeout", "2S"), ("x-request-timeout-ms", "1500")],
            1_500,
        ),
        (
            &[("grpc-timeout", "1S"), ("x-request-timeout-ms", "1500")],
            1_000,
        ),
        (
            &[
                ("x-envoy-expected-rq-timeout-ms", "7"),
                ("x-request-timeout-ms", "8"),
            ],
            7,
        ),
        (
            &[("x-request-timeout-ms", "9"), ("x-request-timeout-ms", "8")],
            8,
        ),
        (
            &[("grpc-timeout", "1S"), ("x-request-timeout-ms", "soon")],
            1_000,
        ),
    ] {
        let left = left_with(DeadlineLayer::new(), headers).await;
        assert_eq!(left, Duration::from_millis(millis), "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_cut_to_a_maximum() {
    let secs = Duration::from_secs;
    let long = [("x-request-timeout-ms", "18446744073709551616000")];
    let layer = DeadlineLayer::new;
    assert_eq!(left_with(layer(), &long).await, secs(60));
    assert_eq!(left_with(layer().max(secs(5)), &long).await, secs(5));
    assert_eq!(
        left_with(layer().max(secs(5)), &[("grpc-timeout", "6S")]).await,
        secs(5)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_header_there_is_a_default() {
    let secs = Duration::from_secs;
    let layer = DeadlineLayer::new;
    assert_eq!(left_with(layer(), &[]).await, secs(60));
    assert_eq!(left_with(layer().max(secs(7)), &[]).await, secs(7));
    assert_eq!(left_with(layer().default(secs(3)), &[]).await, secs(3));
    assert_eq!(
        left_with(layer().max(secs(2)).default(secs(3)), &[]).await,
        secs(2)
    );
    // It is no maximum.
    let left = left_with(layer().default(secs(3)), &[("grpc-timeout", "4S")]).await;
    assert_eq!(left, secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_header_of_your_own() {
    let layer = || DeadlineLayer::new().header(HeaderName::from_static("x-patience"));
    let left = left_with(layer(), &[("x-patience", "250")]).await;
    assert_eq!(left, Duration::from_millis(250));
    let left = left_with(layer(), &[("x-request-timeout-ms", "250")]).await;
    assert_eq!(left, Duration::from_secs(60));
    let left = left_with(layer(), &[("grpc-timeout", "3S")]).await;
    assert_eq!(left, Duration::from_secs(3));
}

/// A router whose handler hangs, and counts when it starts and when it is dropped.
fn hanging() -> (Router, Counter, Counter) {
    let (started, dropped) = (Counter::default(), Counter::default());
    let hang = {
        let (started, dropped) = (started.clone(), dropped.clone());
        || async move {
            started.up();
            let _dropped = dropped.on_drop();
            pending::<()>().await;
        }
    };
    let app = Router::new()
        .route("/", on_get(hang))
        .layer(DeadlineLayer::new());
    (app, started, dropped)
}

#[tokio::test(start_paused = true)]
async fn past_it_the_answer_is_504_and_the_work_is_dropped() {
    let (app, started, dropped) = hanging();
    let began = Instant::now();
    let response = send(&app, request("/", &[("x-request-timeout-ms", "1500")])).await;
    assert_eq!(began.elapsed(), Duration::from_millis(1_500));
    assert_eq!((started.get(), dropped.get()), (1, 1));
    let error = response.extensions().get::<Error>().unwrap();
    assert!(
        matches!(error, Error::Timeout { limit, inherited: true, .. } if limit.as_millis() == 1_500),
        "{error:?}"
    );
    assert_eq!(problem(response).await, (504, "timeout".into()));
}

#[tokio::test(start_paused = true)]
async fn with_no_time_left_the_handler_is_never_started() {
    let (app, started, _) = hanging();
    for header in [
        ("x-request-timeout-ms", "0"),
        ("x-envoy-expected-rq-timeout-ms", "000"),
        ("grpc-timeout", "0S"),
    ] {
        let response = send(&app, request("/", &[header])).now_or_never();
        let response = response.expect("it is answered at once");
        assert_eq!(response.status(), 504, "{header:?}");
    }
    assert_eq!(started.get(), 0);
}

/// The time counts from the call, and the first poll may be late.
#[tokio::test(start_paused = true)]
async fn past_before_its_first_poll_it_is_never_started() {
    let (called, started) = (Counter::default(), Counter::default());
    let inner = tower::service_fn(|_: Request<Body>| {
        called.up();
        let started = started.clone();
        async move {
            started.up();
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let mut service = DeadlineLayer::new().layer(inner);
    let call = service.call(request("/", &[("grpc-timeout", "1S")]));
    advance(Duration::from_secs(1)).await;
    assert_eq!(call.await.unwrap().status(), 504);
    assert_eq!((called.get(), started.get()), (1, 0));
    // With no time at all the service is not even called.
    let call = service.call(request("/", &[("grpc-timeout", "0S")]));
    assert_eq!(call.await.unwrap().status(), 504);
    assert_eq!((called.get(), started.get()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_grpc_is_answered_in_its_words() {
    let (app, _, dropped) = hanging();
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "Application/gRPC; x=y",
    ] {
        let headers = [("content-type", content_type), ("grpc-timeout", "1S")];
        let response = send(&app, request("/", &headers)).await;
        assert_eq!(grpc_status(&response), "4", "{content_type}");
        assert_eq!(header(&response, "grpc-retry-pushback-ms"), None);
    }
    assert_eq!(dropped.get(), 3);
    let headers = [("content-type", "application/grpc"), ("grpc-timeout", "0n")];
    assert_eq!(grpc_status(&send(&app, request("/", &headers)).await), "4");
    for content_type in [
        "application/grpcx",
        "application/json",
        "application/grp",
        "",
    ] {
        let headers = [("content-type", content_type), ("grpc-timeout", "1S")];
        assert_eq!(send(&app, request("/", &headers)).await.status(), 504);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_in_the_handler_ends_with_it() {
    #[resil::timeout(10s)]
    async fn call() -> Result<(), Error> {
        pending().await
    }
    // Whatever the handler makes of the call's error: the answer is that of the layer.
    let handler = || async { call().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR) };
    let app = Router::new()
        .route("/", on_get(handler))
        .layer(DeadlineLayer::new());
    let began = Instant::now();
    let response = send(&app, request("/", &[("grpc-timeout", "2S")])).await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_handler_starts_keeps_to_it() {
    #[resil::timeout(10s)]
    async fn call() -> Result<(), Error> {
        pending().await
    }
    let (told, ended) = tokio::sync::oneshot::channel();
    let told = Arc::new(Mutex::new(Some(told)));
    let handler = move || async move {
        let told = told.lock().unwrap().take().unwrap();
        resil::spawn(async move { told.send(call().await).unwrap() });
    };
    let app = Router::new()
        .route("/", on_get(handler))
        .layer(DeadlineLayer::new());
    let began = Instant::now();
    send(&app, request("/", &[("grpc-timeout", "2S")])).await;
    // Nobody else ends it.
    let error = ended.await.unwrap().unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_when_the_time_is_up_counts() {
    let layer = DeadlineLayer::new().max(Duration::from_secs(2));
    let slow = on_get(|| async {
        tokio::time::sleep_until(Instant::now() + Duration::from_secs(2)).await;
    });
    let app = Router::new().route("/", slow).layer(layer);
    assert_eq!(get(&app, "/").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_sooner_one_of_two_layers_counts() {
    let secs = Duration::from_secs;
    let inner = DeadlineLayer::new().max(secs(5));
    let outer = DeadlineLayer::new().max(secs(1));
    let both = Router::new()
        .route("/", on_get(left))
        .route("/hang", on_get(pending::<()>))
        .layer(inner.clone())
        .layer(outer.clone());
    assert_eq!(
        text(get(&both, "/").await).await,
        secs(1).as_nanos().to_string()
    );
    let began = Instant::now();
    assert_eq!(get(&both, "/hang").await.status(), 504);
    assert_eq!(began.elapsed(), secs(1));
    let both = Router::new()
        .route("/", on_get(left))
        .layer(outer)
        .layer(inner);
    assert_eq!(
        text(get(&both, "/").await).await,
        secs(1).as_nanos().to_string()
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_in_force_where_a_service_is_called_and_not_behind_it() {
    let mut service = DeadlineLayer::new().layer(tower::service_fn(|_: Request<Body>| {
        let seen = Deadline::current().map(Deadline::remaining);
        async move {
            assert_eq!(seen, Some(Duration::from_secs(3)));
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    }));
    let service = service.ready().await.unwrap();
    let call = service.call(request("/", &[("grpc-timeout", "3S")]));
    assert_eq!(Deadline::current(), None);
    assert_eq!(call.await.unwrap().status(), 200);
    assert_eq!(Deadline::current(), None);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_streamed_may_take_longer() {
    async fn slow() -> Body {
        let frames = futures_util::stream::once(async {
            tokio::time::sleep_until(Instant::now() + Duration::from_secs(90)).await;
            Ok::<_, Infallible>(Bytes::from("late"))
        });
        Body::from_stream(frames)
    }
    let app = Router::new()
        .route("/", on_get(slow))
        .layer(DeadlineLayer::new());
    assert_eq!(text(get(&app, "/").await).await, "late");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_drops_the_handler() {
    let (app, started, dropped) = hanging();
    assert!(get(&app, "/").now_or_never().is_none());
    assert_eq!((started.get(), dropped.get()), (1, 1));
}

#[test]
fn what_is_ready_at_once_needs_no_runtime() {
    let app = app(DeadlineLayer::new());
    let response = send(&app, request("/", &[]));
    assert_eq!(response.now_or_never().unwrap().status(), 200);
}
