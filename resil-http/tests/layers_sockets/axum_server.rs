//! The layers in front of axum's routes, over a real connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use resil_http::BoxError;
use resil_http::layers::{BulkheadLayer, CircuitLayer, RetryLayer, TimeoutLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Error, TimeoutPolicy};
use tower::ServiceBuilder;

use crate::support::serve;

/// Answers a refusal as `resil::Error` does.
async fn refused(error: BoxError) -> axum::response::Response {
    match error.downcast::<Error>() {
        Ok(refusal) => refusal.into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn ask(at: SocketAddr, method: &str, path: &str, body: &'static str) -> (u16, String) {
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{at}{path}"));
    let answer = client
        .request(request.body(Full::from(body)).unwrap())
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn in_front_of_routes() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let flaky = move |body: String| {
        let n = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if n < 3 {
                return (StatusCode::SERVICE_UNAVAILABLE, "not yet".to_owned());
            }
            (StatusCode::OK, format!("{body} at {n}"))
        }
    };
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        "late"
    };
    let retry = RetryPolicy::new()
        .max(3)
        .base(Duration::from_millis(1))
        .no_budget();
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refused))
        .layer(RetryLayer::new(retry))
        .layer(TimeoutLayer::new(TimeoutPolicy::new(
            Duration::from_millis(500),
        )));
    let routes = Router::new()
        .route("/flaky", axum::routing::put(flaky))
        .route("/slow", post(slow))
        .layer(layers);
    let at = serve(routes).await;
    assert_eq!(
        ask(at, "PUT", "/flaky", "body").await,
        (200, "body at 3".to_owned())
    );
    let (status, problem) = ask(at, "POST", "/slow", "").await;
    assert_eq!(status, 504, "{problem}");
}

#[tokio::test]
async fn a_circuit_and_a_bulkhead_refuse_before_the_handler() {
    let broken = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refused))
        .layer(CircuitLayer::new(CircuitPolicy::new().failures(1)));
    let at = serve(Router::new().route("/", get(broken)).layer(layers)).await;
    assert_eq!(ask(at, "GET", "/", "").await.0, 500);
    let (status, problem) = ask(at, "GET", "/", "").await;
    assert!(
        status == 503 && problem.contains("circuit_open"),
        "{problem}"
    );

    let entered = Arc::new(tokio::sync::Notify::new());
    let enter = Arc::clone(&entered);
    let held = move || async move {
        enter.notify_one();
        std::future::pending::<String>().await
    };
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refused))
        .layer(BulkheadLayer::new(BulkheadPolicy::new().max(1)));
    let at = serve(Router::new().route("/", get(held)).layer(layers)).await;
    let first = tokio::spawn(ask(at, "GET", "/", ""));
    entered.notified().await;
    let (status, problem) = ask(at, "GET", "/", "").await;
    assert!(
        status == 503 && problem.contains("bulkhead_full"),
        "{problem}"
    );
    first.abort();
}

/// A body that comes in parts, of a length that nobody declared.
#[tokio::test]
async fn a_request_that_came_in_parts_is_sent_on_again() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let service = tower::service_fn(move |request: Request| {
        let n = attempts.fetch_add(1, Ordering::SeqCst);
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "one two");
            let status = if n == 0 { 503 } else { 200 };
            let answer = http::Response::builder().status(status);
            Ok::<_, Infallible>(answer.body(Body::empty()).unwrap())
        }
    });
    let retry = RetryPolicy::new()
        .max(2)
        .base(Duration::from_millis(1))
        .no_budget();
    let sent_on = ServiceBuilder::new()
        .layer(RetryLayer::new(retry))
        .service(service);
    let at = serve(Router::new().fallback(move |request: Request| {
        let sent_on = sent_on.clone();
        async move { tower::ServiceExt::oneshot(sent_on, request).await.unwrap() }
    }))
    .await;
    let (mut sender, body) = http_body_util::channel::Channel::<bytes::Bytes>::new(1);
    let client: Client<_, http_body_util::channel::Channel<bytes::Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let request = Request::put(format!("http://{at}/")).body(body).unwrap();
    let answer = tokio::spawn(client.request(request));
    sender.send_data("one ".into()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    sender.send_data("two".into()).await.unwrap();
    drop(sender);
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
}
