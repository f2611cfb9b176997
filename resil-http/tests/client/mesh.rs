//! Behind a mesh.

use http::HeaderMap;
use resil_http::client::{Mesh, RetriedBy};

use crate::peer::{Do, Server, answer, ok};
use crate::{at_once, client, ms};

fn incoming() -> HeaderMap {
    let mut incoming = HeaderMap::new();
    for (name, value) in [
        ("x-request-id", "r1"),
        ("traceparent", "00-a-b-01"),
        ("tracestate", "v=1"),
        ("b3", "t-s-1"),
        ("x-b3-traceid", "t"),
        ("l5d-ctx-trace", "c"),
        ("authorization", "secret"),
    ] {
        incoming.insert(name, value.parse().unwrap());
    }
    incoming
}

#[tokio::test]
async fn the_trace_of_an_incoming_request_goes_on() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("trace", &server)
        .mesh(Mesh::Linkerd)
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    let inside = client.with_context(&incoming());
    let own = inside.get("/").header("x-request-id", "mine");
    own.send().await.unwrap();
    client.get("/").context(&incoming()).send().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("x-request-id"), None);
    assert_eq!(seen[1].header("x-request-id"), Some("mine"));
    assert_eq!(seen[2].header("x-request-id"), Some("r1"));
    for seen in &seen[1..] {
        assert_eq!(seen.header("traceparent"), Some("00-a-b-01"));
        assert_eq!(seen.header("tracestate"), Some("v=1"));
        assert_eq!(seen.header("b3"), Some("t-s-1"));
        assert_eq!(seen.header("x-b3-traceid"), Some("t"));
        assert_eq!(seen.header("l5d-ctx-trace"), Some("c"));
        assert_eq!(seen.header("authorization"), None);
    }
}

#[tokio::test]
async fn where_the_client_retries_the_mesh_is_told_not_to() {
    for (mesh, header) in [
        (Mesh::Envoy, "x-envoy-max-retries"),
        (Mesh::Istio, "x-envoy-max-retries"),
        (Mesh::Linkerd, "l5d-retry-limit"),
    ] {
        let server = Server::start(|number, _| match number {
            0 => answer(503, &[], ""),
            _ => ok(),
        })
        .await;
        let client = client("mesh-told", &server)
            .mesh(mesh)
            .retry(at_once(3))
            .build()
            .unwrap();
        assert_eq!(client.get("/").send().await.unwrap().attempts(), 2);
        let seen = server.seen();
        for (number, seen) in ["1", "2"].iter().zip(&seen) {
            assert_eq!(seen.header(header), Some("0"));
            assert_eq!(seen.header("x-envoy-retry-on"), None);
            let marked = (mesh != Mesh::Linkerd).then_some(*number);
            assert_eq!(seen.header("x-envoy-attempt-count"), marked);
        }
    }
}

#[tokio::test]
async fn where_the_mesh_retries_the_client_does_not() {
    let server = Server::start(|_, _| answer(503, &[], "")).await;
    let client = client("mesh-retries", &server)
        .mesh(Mesh::Envoy)
        .retried_by(RetriedBy::Mesh)
        .retry(at_once(3))
        .build()
        .unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.attempts(), 1);
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("x-envoy-max-retries"), Some("2"));
    assert_eq!(
        seen[0].header("x-envoy-retry-on"),
        Some("reset,connect-failure,refused-stream,gateway-error")
    );

    // A request says otherwise.
    let own = client.get("/").retried_by(RetriedBy::Client);
    assert_eq!(own.send().await.unwrap().attempts(), 3);
    assert_eq!(server.seen()[3].header("x-envoy-max-retries"), Some("0"));
}

/// Each copy of a hedge would be retried by the mesh.
#[cfg(feature = "hedge")]
#[tokio::test]
async fn where_the_mesh_retries_the_client_does_not_hedge() {
    use resil_runtime::hedge::{HedgeAfter, HedgePolicy};

    let server = Server::start(|_, _| [vec![Do::Pause(ms(100))], ok()].concat()).await;
    let client = client("mesh-hedges", &server)
        .mesh(Mesh::Linkerd)
        .retried_by(RetriedBy::Mesh)
        .hedge(HedgePolicy::new(HedgeAfter::Delay(ms(10))))
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    assert_eq!(server.seen().len(), 1);
    let own = client.get("/").retried_by(RetriedBy::Client);
    own.send().await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn the_mesh_is_not_asked_to_retry_what_may_do_harm_twice() {
    let server = Server::start(|_, _| answer(503, &[], "")).await;
    let client = client("mesh-post", &server)
        .mesh(Mesh::Istio)
        .retried_by(RetriedBy::Mesh)
        .build()
        .unwrap();
    client.post("/").body("once").send().await.unwrap();
    let keyed = client.post("/").header("idempotency-key", "k");
    keyed.send().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("x-envoy-max-retries"), Some("0"));
    assert_eq!(seen[0].header("x-envoy-retry-on"), None);
    assert_eq!(seen[1].header("x-envoy-max-retries"), Some("2"));
}

#[tokio::test]
async fn without_a_mesh_no_header_of_one_is_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("mesh-none", &server).build().unwrap();
    let call = client.get("/").retried_by(RetriedBy::Mesh);
    call.send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    let of_mesh = |name: &String| name.starts_with("x-envoy") || name.starts_with("l5d");
    assert!(!seen.headers.keys().any(of_mesh), "{seen:?}");
}
