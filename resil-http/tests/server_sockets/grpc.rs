//! What a client of tonic's makes of a refusal.

#[path = "../../../tests/grpc/codec.rs"]
mod codec;

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::HeaderMap;
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

use codec::Plain;

use crate::LONG;
use crate::support::{serve, until};

/// Calls a method, and returns the status that comes.
async fn call(at: SocketAddr, header: (&'static str, &'static str)) -> Status {
    let endpoint = Endpoint::from_shared(format!("http://{at}")).unwrap();
    let mut client = tonic::client::Grpc::new(endpoint.connect_lazy());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/pay.Pay/Charge");
    let mut request = Request::new(());
    let value = header.1.parse().unwrap();
    request.metadata_mut().insert(header.0, value);
    let answer = client.unary::<(), (), _>(request, path, Plain::new());
    tokio::time::timeout(LONG, answer)
        .await
        .unwrap()
        .unwrap_err()
}

#[tokio::test]
async fn its_client_reads_the_status_and_the_push_back() {
    let admission = AdmissionLayer::new("grpc")
        .bulkhead(BulkheadPolicy::new().max(1))
        .rate_limit(
            RateLimitPolicy::new()
                .max(2)
                .per(Duration::from_secs(1_000)),
        );
    let handler = |headers: HeaderMap| async move {
        assert!(headers.contains_key("te"), "it is a request of gRPC");
        pending::<()>().await;
    };
    let app = Router::new()
        .route("/pay.Pay/Charge", post(handler))
        .layer(admission)
        .layer(DeadlineLayer::new());
    let at = serve(app).await;
    let late = call(at, ("x-request-timeout-ms", "30")).await;
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
    assert_eq!(late.message(), "the call took too long");
    let inside = tokio::spawn(call(at, ("x-other", "1")));
    until("it is inside", || {
        resil_runtime::bulkhead("grpc").in_flight() == 1
    })
    .await;
    // The limit lets two in, of which this is none.
    let early = call(at, ("x-other", "1")).await;
    assert_eq!(early.code(), Code::ResourceExhausted);
    let pushback = early.metadata().get("grpc-retry-pushback-ms").unwrap();
    let pushback: u32 = pushback.to_str().unwrap().parse().unwrap();
    assert!((400_000..=500_000).contains(&pushback), "{pushback}");
    inside.abort();
}
