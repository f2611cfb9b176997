//! How long a place lasts: to the end of the answer's body.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get as on_get;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use resil_http::server::AdmissionLayer;
use resil_runtime::bulkhead;
use resil_runtime::bulkhead::{AdaptiveLimit, BulkheadPolicy};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use crate::{get, text};

/// Streams three frames, a second apart.
async fn stream() -> Body {
    let frames = futures_util::stream::iter(["a", "b", "c"]).then(|frame| async move {
        sleep_until(Instant::now() + Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Bytes::from(frame))
    });
    Body::from_stream(frames)
}

async fn broken() -> Body {
    let frames = ["a".to_owned(), String::new()].map(|frame| {
        if frame.is_empty() {
            Err(std::io::Error::other("broken"))
        } else {
            Ok(Bytes::from(frame))
        }
    });
    Body::from_stream(futures_util::stream::iter(frames).chain(futures_util::stream::pending()))
}

fn app(name: &str) -> Router {
    Router::new()
        .route("/stream", on_get(stream))
        .route("/broken", on_get(broken))
        .route("/whole", on_get(|| async { "whole" }))
        .route("/empty", on_get(|| async {}))
        .layer(AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new().max(1)))
}

#[tokio::test(start_paused = true)]
async fn a_place_lasts_until_the_body_has_ended() {
    let (app, named) = (app("body.ends"), bulkhead("body.ends"));
    let mut body = get(&app, "/stream").await.into_body();
    for frame in ["a", "b", "c"] {
        assert_eq!(named.in_flight(), 1);
        assert_eq!(get(&app, "/whole").await.status(), 503);
        let next = body.frame().await.unwrap().unwrap();
        assert_eq!(next.into_data().unwrap(), frame);
    }
    assert!(body.frame().await.is_none());
    // It has ended, though it is still there.
    assert_eq!(named.in_flight(), 0);
    assert_eq!(text(get(&app, "/whole").await).await, "whole");
    drop(body);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_dropped_gives_its_place_back() {
    let (app, named) = (app("body.dropped"), bulkhead("body.dropped"));
    let mut response = get(&app, "/stream").await;
    response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(named.in_flight(), 1);
    drop(response);
    assert_eq!(named.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_gives_its_place_back() {
    let (app, named) = (app("body.broken"), bulkhead("body.broken"));
    let mut body = get(&app, "/broken").await.into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(named.in_flight(), 1);
    body.frame().await.unwrap().unwrap_err();
    assert_eq!(named.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_body_the_head_is_the_end() {
    let (app, named) = (app("body.none"), bulkhead("body.none"));
    let response = get(&app, "/empty").await;
    assert_eq!(named.in_flight(), 0);
    drop(response);
}

#[tokio::test(start_paused = true)]
async fn the_length_of_a_body_is_told_as_before() {
    use axum::body::HttpBody as _;

    let response = get(&app("body.length"), "/whole").await;
    assert_eq!(response.body().size_hint().exact(), Some(5));
    assert!(!response.body().is_end_stream());
}

/// A server with five workers, 10 ms for each request: in its handlers, or in the bodies of its answers. Returns
/// the limit that was learned from 60 clients.
async fn learned(name: &str, is_in_handler: bool) -> u32 {
    let workers = Arc::new(Semaphore::new(5));
    let handler = move || async move {
        let work = async move {
            let _worker = workers.acquire().await.unwrap();
            sleep_until(Instant::now() + Duration::from_millis(10)).await;
            Ok::<_, Infallible>(Bytes::from("done"))
        };
        if is_in_handler {
            Body::from(work.await.unwrap())
        } else {
            Body::from_stream(futures_util::stream::once(work))
        }
    };
    let bounds = AdaptiveLimit::new().start(20).max(60);
    let policy = BulkheadPolicy::new().adaptive(bounds).queue(1_000);
    let app = Router::new()
        .route("/", on_get(handler))
        .layer(AdmissionLayer::new(name).bulkhead(policy));
    let clients = (0..60).map(|_| async {
        for _ in 0..100 {
            assert_eq!(text(get(&app, "/").await).await, "done");
        }
    });
    futures_util::future::join_all(clients).await;
    bulkhead(name).limit()
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_learns_from_the_time_to_the_head_and_not_from_that_of_the_body() {
    let of_heads = learned("body.heads", true).await;
    let of_bodies = learned("body.bodies", false).await;
    assert!(of_heads < 20 && of_bodies >= 20, "{of_heads} {of_bodies}");
}
