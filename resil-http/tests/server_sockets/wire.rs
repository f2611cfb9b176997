//! What goes over the wire.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get as on_get;
use http::{HeaderName, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::serve;
use crate::{LONG, clients, request};

const CALLER: HeaderName = HeaderName::from_static("x-caller");

#[tokio::test]
async fn refusals_are_answers() {
    for (version, client) in clients() {
        let name = format!("wire.{version:?}");
        let policy = RateLimitPolicy::new()
            .max(4)
            .per(Duration::from_secs(1_000));
        let admission = AdmissionLayer::new(&name)
            .bulkhead(BulkheadPolicy::new().max(1))
            .rate_limit(policy);
        let app = Router::new()
            .route("/", on_get(|| async { "done" }))
            .route("/hang", on_get(pending::<()>))
            .layer(admission)
            .layer(DeadlineLayer::new());
        let at = serve(app).await;
        let mut statuses = Vec::new();
        for (path, patience) in [
            ("/", "60000"),
            ("/hang", "20"),
            // Not admitted: its time is up.
            ("/", "0"),
            ("/", "60000"),
            ("/", "60000"),
            ("/", "60000"),
        ] {
            let sent = client.request(request(at, path, &[("x-request-timeout-ms", patience)]));
            let response = tokio::time::timeout(LONG, sent).await.unwrap().unwrap();
            assert_eq!(response.version(), version);
            let status = response.status().as_u16();
            statuses.push(status);
            let headers = response.headers().clone();
            assert_eq!(headers.contains_key("ratelimit"), status != 504, "{status}");
            assert_eq!(
                headers.contains_key("retry-after"),
                status == 429,
                "{status}"
            );
            let body = response.into_body().collect().await.unwrap().to_bytes();
            if status == 200 {
                assert_eq!(body, "done");
            } else {
                assert_eq!(headers["content-type"], "application/problem+json");
                let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(problem["status"], status);
            }
        }
        assert_eq!(statuses, [200, 504, 504, 200, 200, 429], "{version:?}");
        assert_eq!(bulkhead(&name).in_flight(), 0);
    }
}

/// On a clock that goes on between the layers, and for callers of whom no limit knew.
#[tokio::test]
async fn the_first_request_of_each_caller_is_told_what_is_left() {
    for (version, client) in clients() {
        let policy = RateLimitPolicy::new().max(50).per(LONG * 1_000);
        let admission = AdmissionLayer::new(&format!("wire.first.{version:?}"))
            .rate_limit(policy)
            .key_header(CALLER);
        let app = Router::new()
            .route("/", on_get(|| async { "done" }))
            .layer((DeadlineLayer::new(), admission));
        let at = serve(app).await;
        for caller in ["ada", "bo", "cleo"] {
            for left in [49, 48] {
                let sent = client.request(request(at, "/", &[(CALLER.as_str(), caller)]));
                let response = tokio::time::timeout(LONG, sent).await.unwrap().unwrap();
                let told = response.headers()["ratelimit"].to_str().unwrap();
                assert!(told.contains(&format!(";r={left};")), "{caller}: {told}");
            }
        }
    }
}

/// It leaves nothing of tokio's budget, which timers need too.
#[tokio::test]
async fn a_handler_that_is_always_busy_is_dropped_all_the_same() {
    async fn busy() {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    }
    let app = Router::new()
        .route("/", on_get(busy))
        .layer(DeadlineLayer::new());
    let at = serve(app).await;
    let [(_, client), _] = clients();
    let sent = client.request(request(at, "/", &[("x-request-timeout-ms", "30")]));
    let response = tokio::time::timeout(LONG, sent).await.unwrap().unwrap();
    assert_eq!(response.status(), 504);
}

/// A connection that has become something else, a WebSocket say, is no request any more: it may go on for hours.
#[tokio::test]
async fn an_upgrade_gives_the_place_back() {
    async fn echo(mut request: Request) -> Response {
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgraded.await.unwrap());
            let mut said = [0; 4];
            while stream.read_exact(&mut said).await.is_ok() {
                stream.write_all(&said).await.unwrap();
            }
        });
        let head = [("connection", "upgrade"), ("upgrade", "echo")];
        (StatusCode::SWITCHING_PROTOCOLS, head).into_response()
    }
    let admission = AdmissionLayer::new("wire.upgrade").bulkhead(BulkheadPolicy::new().max(1));
    let deadline = DeadlineLayer::new().default(Duration::from_millis(200));
    let app = Router::new()
        .route("/", on_get(|| async { "done" }))
        .route("/echo", on_get(echo))
        .layer((deadline, admission));
    let at = serve(app).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = b"GET /echo HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let read = tokio::time::timeout(LONG, stream.read_buf(&mut answer));
        assert!(read.await.unwrap().unwrap() > 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{answer:?}");
    let [(_, client), _] = clients();
    let mut said = [0; 4];
    for _ in 0..3 {
        let response = client.request(request(at, "/", &[])).await.unwrap();
        assert_eq!(response.status(), 200);
        // Nor does the deadline of its request end it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(b"ping").await.unwrap();
        let read = tokio::time::timeout(LONG, stream.read_exact(&mut said));
        read.await.unwrap().unwrap();
        assert_eq!(&said, b"ping");
    }
    assert_eq!(bulkhead("wire.upgrade").in_flight(), 0);
}
