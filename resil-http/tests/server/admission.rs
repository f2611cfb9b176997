//! The bulkhead of an admission layer, and what it exempts.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get as on_get;
use futures_util::FutureExt as _;
use http::StatusCode;
use resil_http::server::{AdmissionLayer, DeadlineLayer, liveness};
use resil_runtime::bulkhead::{AdaptiveLimit, BulkheadPolicy};
use resil_runtime::cancel::Shutdown;
use resil_runtime::{Error, bulkhead, registry};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::{get, grpc_status, header, problem, request, send, text};

const SECOND: Duration = Duration::from_secs(1);

async fn sleep(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

/// A router whose `/` hangs until it is told.
fn app(layer: AdmissionLayer) -> (Router, Arc<Notify>) {
    let told = Arc::new(Notify::new());
    let waits = {
        let told = Arc::clone(&told);
        || async move {
            told.notified().await;
            "done"
        }
    };
    let app = Router::new()
        .route("/", on_get(waits))
        .route("/quick", on_get(|| async { "quick" }))
        .route("/hang", on_get(pending::<()>))
        .route("/live", on_get(liveness))
        .layer(layer);
    (app, told)
}

fn one(name: &str) -> AdmissionLayer {
    AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new().max(1))
}

#[tokio::test(start_paused = true)]
async fn so_many_are_inside_and_the_next_one_is_refused() {
    let layer = AdmissionLayer::new("admission.full").bulkhead(BulkheadPolicy::new().max(2));
    let (app, told) = app(layer);
    let inside: Vec<_> = (0..2)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { get(&app, "/").await })
        })
        .collect();
    yield_now().await;
    assert_eq!(bulkhead("admission.full").in_flight(), 2);
    let refused = get(&app, "/quick")
        .now_or_never()
        .expect("it is refused at once");
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    let error = refused.extensions().get::<Error>();
    assert!(matches!(error, Some(Error::BulkheadFull { limit: 2, .. })));
    assert_eq!(problem(refused).await, (503, "bulkhead_full".into()));
    told.notify_waiters();
    for answer in inside {
        assert_eq!(text(answer.await.unwrap()).await, "done");
    }
    assert_eq!(bulkhead("admission.full").in_flight(), 0);
    assert_eq!(get(&app, "/quick").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_wait_for_its_place() {
    let policy = BulkheadPolicy::new().max(1).queue(1).wait(3 * SECOND);
    let (app, told) = app(AdmissionLayer::new("admission.queue").bulkhead(policy));
    let mut inside = Box::pin(get(&app, "/"));
    assert!((&mut inside).now_or_never().is_none());
    let mut waiting = Box::pin(get(&app, "/quick"));
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!(get(&app, "/quick").await.status(), 503, "the queue is full");
    told.notify_waiters();
    // The place comes back with the body.
    assert_eq!(text(inside.await).await, "done");
    assert_eq!(waiting.await.status(), 200);
    let _inside = tokio::spawn({
        let app = app.clone();
        async move { get(&app, "/hang").await }
    });
    yield_now().await;
    let began = Instant::now();
    assert_eq!(get(&app, "/quick").await.status(), 503);
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn it_waits_no_longer_than_to_its_deadline() {
    let layer =
        AdmissionLayer::new("admission.late").bulkhead(BulkheadPolicy::new().max(1).queue(8));
    let (app, _told) = app(layer);
    let app = app.layer(DeadlineLayer::new());
    let _inside = tokio::spawn({
        let app = app.clone();
        async move { get(&app, "/hang").await }
    });
    yield_now().await;
    let began = Instant::now();
    let response = send(&app, request("/quick", &[("grpc-timeout", "2S")])).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    assert!([503, 504].contains(&response.status().as_u16()));
    assert_eq!(bulkhead("admission.late").waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_gives_its_place_back() {
    let policy = BulkheadPolicy::new().max(1).queue(1);
    let (app, _told) = app(AdmissionLayer::new("admission.dropped").bulkhead(policy));
    let named = bulkhead("admission.dropped");
    let mut inside = Box::pin(get(&app, "/"));
    assert!((&mut inside).now_or_never().is_none());
    let mut waiting = Box::pin(get(&app, "/"));
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!((named.in_flight(), named.waiting()), (1, 1));
    drop(waiting);
    assert_eq!((named.in_flight(), named.waiting()), (1, 0));
    drop(inside);
    assert_eq!(named.in_flight(), 0);
    assert_eq!(get(&app, "/quick").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_panic_gives_the_place_back() {
    let app = Router::new()
        .route(
            "/",
            on_get(|| async { assert!(Instant::now() < Instant::now(), "the handler panics") }),
        )
        .layer(one("admission.panic"));
    for _ in 0..3 {
        let app = app.clone();
        let ended = tokio::spawn(async move { get(&app, "/").await }).await;
        assert!(ended.unwrap_err().is_panic());
    }
    assert_eq!(bulkhead("admission.panic").in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn probes_are_exempt() {
    let layer = one("admission.exempt").exempt(|request| request.uri.path() == "/live");
    let (app, _told) = app(layer);
    let mut inside = Box::pin(get(&app, "/"));
    assert!((&mut inside).now_or_never().is_none());
    assert_eq!(get(&app, "/quick").await.status(), 503);
    for _ in 0..5 {
        assert_eq!(get(&app, "/live").await.status(), 200);
        assert_eq!(bulkhead("admission.exempt").in_flight(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_grpc_is_refused_in_its_words() {
    let (app, _told) = app(one("admission.grpc"));
    let mut inside = Box::pin(get(&app, "/"));
    assert!((&mut inside).now_or_never().is_none());
    let refused = send(
        &app,
        request("/quick", &[("content-type", "application/grpc")]),
    )
    .await;
    assert_eq!(grpc_status(&refused), "8");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_waits() {
    let layer =
        AdmissionLayer::new("admission.shutdown").bulkhead(BulkheadPolicy::new().max(1).queue(1));
    let (app, _told) = app(layer);
    let part = Shutdown::new();
    let mut inside = Box::pin(part.scope(get(&app, "/")));
    assert!((&mut inside).now_or_never().is_none());
    let grpc = request("/quick", &[("content-type", "application/grpc")]);
    let mut waiting = Box::pin(part.scope(send(&app, grpc)));
    assert!((&mut waiting).now_or_never().is_none());
    part.begin();
    assert_eq!(grpc_status(&waiting.await), "14");
    let refused = part.scope(get(&app, "/quick")).await;
    // What is inside goes on.
    assert_eq!(problem(refused).await, (503, "cancelled".into()));
    assert!((&mut inside).now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_all_are_let_in() {
    let (app, _told) = app(AdmissionLayer::new("admission.none"));
    let response = get(&app, "/quick").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "ratelimit"), None);
}

#[tokio::test(start_paused = true)]
async fn the_first_settings_of_a_name_count() {
    let (app, _told) = app(one("admission.twice"));
    let _other = AdmissionLayer::new("admission.twice").bulkhead(BulkheadPolicy::new().max(9));
    assert_eq!(bulkhead("admission.twice").limit(), 1);
    let conflicts = registry().conflicts();
    assert!(
        conflicts
            .iter()
            .any(|conflict| conflict.name == "admission.twice")
    );
    assert_eq!(get(&app, "/quick").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_bulkhead_is_that_of_the_name() {
    #[resil::bulkhead(name = "admission.shared")]
    async fn call() -> Result<(), Error> {
        Ok(())
    }
    let (app, _told) = app(one("admission.shared"));
    let mut inside = Box::pin(get(&app, "/"));
    assert!((&mut inside).now_or_never().is_none());
    assert!(matches!(call().await, Err(Error::BulkheadFull { .. })));
    drop(inside);
    assert!(call().await.is_ok());
}

/// Answers with a status after so many milliseconds.
fn told_what() -> Router {
    async fn answer(RawQuery(asked): RawQuery) -> (StatusCode, [(&'static str, String); 1]) {
        let asked = asked.unwrap_or_default();
        let number = |name: &str| -> Option<u16> {
            let all = asked.split('&').filter_map(|pair| pair.split_once('='));
            let (_, number) = all.into_iter().find(|(n, _)| *n == name)?;
            Some(number.parse().unwrap())
        };
        sleep(Duration::from_millis(number("ms").unwrap_or(10).into())).await;
        let status = StatusCode::from_u16(number("status").unwrap_or(200)).unwrap();
        let grpc = number("grpc").unwrap_or(0).to_string();
        (status, [("grpc-status", grpc)])
    }
    Router::new().route("/", on_get(answer))
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_is_cut_by_an_answer_of_too_much_load() {
    for (asked, is_cut) in [
        ("status=200", false),
        ("status=404", false),
        ("status=429", false),
        ("status=500", false),
        ("status=503", true),
        ("status=504", true),
        ("grpc=4", true),
        ("grpc=14", true),
        ("grpc=5", false),
        ("grpc=13", false),
    ] {
        let name = format!("admission.adaptive.{asked}");
        let policy = BulkheadPolicy::new().adaptive(AdaptiveLimit::new().start(20));
        let app = told_what().layer(AdmissionLayer::new(&name).bulkhead(policy));
        get(&app, &format!("/?{asked}")).await;
        let limit = if is_cut { 18 } else { 20 };
        assert_eq!(bulkhead(&name).limit(), limit, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_requests_come_five_at_a_time() {
    let policy = BulkheadPolicy::new().max(5).queue(1_000);
    let app = told_what().layer(AdmissionLayer::new("admission.count").bulkhead(policy));
    let began = Instant::now();
    let all = (0..50).map(|_| get(&app, "/?ms=1000"));
    for response in futures_util::future::join_all(all).await {
        assert_eq!(response.status(), 200);
    }
    assert_eq!(began.elapsed().as_secs(), 10);
}
