//! The order of a shutdown, over a real socket: readiness turns, then the listener closes, and nothing that was
//! accepted is lost. It shuts the process down, and so it is the only test here.

#![allow(
    clippy::disallowed_methods,
    reason = "over a socket time is real: waiting is bounded from above"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get as on_get;
use resil_http::server::{AdmissionLayer, DeadlineLayer, liveness, readiness, shutdown_after};
use resil_runtime::bulkhead::BulkheadPolicy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const LONG: Duration = Duration::from_secs(20);

/// Asks over a connection of its own, and returns the status.
async fn ask(at: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    Ok(status.parse().unwrap_or(0))
}

#[tokio::test]
async fn readiness_turns_before_the_listener_closes() {
    let told = Arc::new(Notify::new());
    let slow = {
        let told = Arc::clone(&told);
        || async move { told.notified().await }
    };
    let admission = AdmissionLayer::new("shutdown")
        .bulkhead(BulkheadPolicy::new().max(1))
        .exempt(|request| ["/ready", "/live"].contains(&request.uri.path()));
    let app = Router::new()
        .route("/ready", on_get(readiness()))
        .route("/live", on_get(liveness))
        .route("/slow", on_get(slow))
        .layer(admission)
        .layer(DeadlineLayer::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let until_seen = Duration::from_secs(2);
    let server = tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(shutdown_after(until_seen))
            .await
    });
    assert_eq!(ask(at, "/ready").await.unwrap(), 200);
    let inside = tokio::spawn(async move { ask(at, "/slow").await });
    while resil_runtime::bulkhead("shutdown").in_flight() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    resil_runtime::shutdown();
    // First: the probe says so, over a new connection, which the listener still takes.
    assert_eq!(ask(at, "/ready").await.unwrap(), 503);
    assert_eq!(ask(at, "/live").await.unwrap(), 200);
    assert_eq!(
        ask(at, "/slow").await.unwrap(),
        503,
        "it is full, and answers"
    );
    assert!(!server.is_finished() && !inside.is_finished());

    // Then the listener closes.
    let closed = async {
        while ask(at, "/ready").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, closed).await.unwrap();
    // What is inside goes on, and the server waits for it.
    assert!(!server.is_finished() && !inside.is_finished());
    told.notify_waiters();
    let answer = tokio::time::timeout(LONG, inside).await.unwrap();
    assert_eq!(answer.unwrap().unwrap(), 200);
    tokio::time::timeout(LONG, server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(resil_runtime::drain(LONG).await.is_empty());
}
