//! What goes over the wire.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::routing::get as on_get;
use http_body_util::BodyExt as _;
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;

use crate::support::serve;
use crate::{LONG, clients, request};

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
