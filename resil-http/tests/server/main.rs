//! The server side without a socket: requests go into a router, and time is paused.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "the clock of a test is tokio's, and paused; each item stands where it is needed"
)]

mod admission;
mod body;
mod callers;
mod deadline;
mod fuzz;
mod limits;
mod malformed;
mod readiness;
#[path = "../support/mod.rs"]
mod support;
mod tower_rules;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, Response};
use support::Counter;
use tower::ServiceExt as _;

/// Returns a request for `path` with headers.
fn request(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn send(app: &Router, request: Request<Body>) -> Response<Body> {
    app.clone().oneshot(request).await.unwrap()
}

async fn get(app: &Router, path: &str) -> Response<Body> {
    send(app, request(path, &[])).await
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|v| v.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Returns the status and the code of a problem report.
async fn problem(response: Response<Body>) -> (u16, String) {
    let status = response.status();
    assert_eq!(
        header(&response, "content-type"),
        Some("application/problem+json")
    );
    let problem: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["title"], status.canonical_reason().unwrap());
    assert_eq!(problem["status"], status.as_u16());
    assert!(!problem["detail"].as_str().unwrap().is_empty());
    (
        status.as_u16(),
        problem["code"].as_str().unwrap().to_owned(),
    )
}

/// Returns the status of gRPC of an answer that has trailers alone.
fn grpc_status(response: &Response<Body>) -> &str {
    use axum::body::HttpBody as _;

    assert_eq!(response.status(), 200);
    assert_eq!(header(response, "content-type"), Some("application/grpc"));
    assert!(!header(response, "grpc-message").unwrap().is_empty());
    assert!(response.body().is_end_stream());
    header(response, "grpc-status").unwrap()
}
