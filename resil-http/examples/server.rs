//! A server with deadlines, admission and probes.
//!
//! ```text
//! cargo run -p resil-http --example server --features axum,shutdown
//! curl -i 'http://127.0.0.1:8080/work/300'                                  # 200 after 300 ms
//! curl -i -H 'x-request-timeout-ms: 100' 'http://127.0.0.1:8080/work/300'   # 504 after 100 ms
//! for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\n' -H 'x-api-key: me' 'http://127.0.0.1:8080/work/1'; done
//!                                                                           # five times 200, then 429
//! curl -i http://127.0.0.1:8080/ready
//! ```
//!
//! At Ctrl-C or SIGTERM `/ready` turns 503, three seconds later the listener closes, and the process ends with what was
//! asked for answered. `docs/http-server.md` has the whole story.

#![expect(clippy::disallowed_methods, reason = "an example runs in real time")]

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use resil::{BulkheadPolicy, Deadline, Error, RateLimitPolicy, retry, timeout};
use resil_http::server::{AdmissionLayer, DeadlineLayer, liveness, readiness, shutdown_after};

/// Work that takes so long, and keeps to the deadline of the request by its `#[timeout]`.
#[retry(max = 3)]
#[timeout(5s)]
async fn work(millis: u64) -> Result<String, Error> {
    let left = Deadline::current().map(Deadline::remaining);
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Ok(format!("done; there were {left:?}\n"))
}

async fn answer(Path(millis): Path<u64>) -> Response {
    match work(millis).await {
        Ok(done) => done.into_response(),
        Err(error) => error.into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let is_probe = |path: &str| path == "/ready" || path == "/live";
    let admission = AdmissionLayer::new("api")
        .bulkhead(
            BulkheadPolicy::new()
                .max(64)
                .queue(64)
                .wait(Duration::from_millis(100)),
        )
        .rate_limit(RateLimitPolicy::new().max(5).per(Duration::from_secs(10)))
        .key(|request| {
            request
                .headers
                .get("x-api-key")?
                .to_str()
                .ok()
                .map(str::to_owned)
        })
        .exempt(move |request| is_probe(request.uri.path()));
    let deadline = DeadlineLayer::new().max(Duration::from_secs(30));
    let app = Router::new()
        .route("/work/{millis}", get(answer))
        .route("/ready", get(readiness()))
        .route("/live", get(liveness))
        .layer((deadline, admission));

    resil::shutdown_on_signal();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_after(Duration::from_secs(3)))
        .await?;
    let left = resil::drain(Duration::from_secs(5)).await;
    println!("left: {left}");
    Ok(if left.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
