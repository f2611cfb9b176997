//! Clients that hang up: the handler is dropped, and its place comes back.

use std::convert::Infallible;
use std::future::pending;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get as on_get;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead;
use resil_runtime::bulkhead::BulkheadPolicy;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Counter, serve, until};
use crate::{LONG, clients, request};

struct Served {
    app: Router,
    started: Counter,
    dropped: Counter,
}

/// `/hang` never answers, and `/stream` never ends.
fn served(name: &str) -> Served {
    let (started, dropped) = (Counter::default(), Counter::default());
    let hang = {
        let (started, dropped) = (started.clone(), dropped.clone());
        || async move {
            let _dropped = dropped.on_drop();
            started.up();
            pending::<()>().await;
        }
    };
    let stream = {
        let (started, dropped) = (started.clone(), dropped.clone());
        || async move {
            started.up();
            let dropped = dropped.on_drop();
            let first = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from("first"))]);
            let rest = futures_util::stream::pending().map(move |frame| {
                let _ = &dropped;
                frame
            });
            Body::from_stream(first.chain(rest))
        }
    };
    let app = Router::new()
        .route("/hang", on_get(hang))
        .route("/stream", on_get(stream))
        .route("/", on_get(|| async { "done" }))
        .layer(AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new().max(1)))
        .layer(DeadlineLayer::new());
    Served {
        app,
        started,
        dropped,
    }
}

#[tokio::test]
async fn while_the_handler_works() {
    for (version, client) in clients() {
        let name = format!("hanging_up.handler.{version:?}");
        let served = served(&name);
        let at = serve(served.app).await;
        for n in 1..=3 {
            let sent = tokio::spawn(client.request(request(at, "/hang", &[])));
            until("the handler starts", || served.started.get() == n).await;
            assert_eq!(bulkhead(&name).in_flight(), 1);
            // HTTP/1.1: the connection is closed. HTTP/2: the stream is reset.
            sent.abort();
            until("the handler is dropped", || served.dropped.get() == n).await;
            until("the place comes back", || bulkhead(&name).in_flight() == 0).await;
        }
        let sent = client.request(request(at, "/", &[]));
        let response = tokio::time::timeout(LONG, sent).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn while_the_body_is_streamed() {
    for (version, client) in clients() {
        let name = format!("hanging_up.body.{version:?}");
        let served = served(&name);
        let at = serve(served.app).await;
        let sent = client.request(request(at, "/stream", &[]));
        let mut response = tokio::time::timeout(LONG, sent).await.unwrap().unwrap();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "first");
        assert_eq!((served.dropped.get(), bulkhead(&name).in_flight()), (0, 1));
        let refused = client.request(request(at, "/", &[])).await.unwrap();
        assert_eq!(refused.status(), 503);
        drop(response);
        until("the body is dropped", || served.dropped.get() == 1).await;
        until("the place comes back", || bulkhead(&name).in_flight() == 0).await;
    }
}

/// A client that says nothing more, and one whose connection is reset.
#[tokio::test]
async fn by_closing_the_connection() {
    let name = "hanging_up.closed";
    let served = served(name);
    let at = serve(served.app).await;
    for n in 1..=4 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        until("the handler starts", || served.started.get() == n).await;
        if n % 2 == 0 {
            // Closed with a reset, and not in order.
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
        until("the handler is dropped", || served.dropped.get() == n).await;
        until("the place comes back", || bulkhead(name).in_flight() == 0).await;
    }
}

/// What the server sends is not taken: the place lasts, and ends with the connection.
#[tokio::test]
async fn without_taking_the_body() {
    let name = "hanging_up.slow";
    let frame = Bytes::from(vec![b'x'; 1 << 16]);
    let body = || async move {
        let frames = futures_util::stream::repeat(Ok::<_, Infallible>(frame));
        Body::from_stream(frames)
    };
    let app = Router::new()
        .route("/", on_get(body))
        .layer(AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new().max(1)));
    let at = serve(app).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    until("it is inside", || bulkhead(name).in_flight() == 1).await;
    drop(stream);
    until("the place comes back", || bulkhead(name).in_flight() == 0).await;
}
