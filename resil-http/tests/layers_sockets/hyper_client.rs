//! A client of hyper's under the layers, against servers that refuse, reset, say nothing and answer.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use resil_http::layers::{EdgeBody, HedgeLayer, HttpRequests, RetryLayer, StackLayer};
use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Error, Stack};
use tower::ServiceExt as _;
use tower_layer::Layer as _;

use crate::peer::{Do, Server, answer};
use crate::support::{at_once, free_address};

type Boxed = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, resil_http::BoxError>;

const RETRY: RetryPolicy = at_once(3).no_budget();

fn client() -> Client<HttpConnector, Boxed> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn request(method: Method, at: SocketAddr, body: &'static str) -> Request<Boxed> {
    let body = Full::from(body).map_err(|never| match never {});
    Request::builder()
        .method(method)
        .uri(format!("http://{at}/pay"))
        .body(body.boxed_unsync())
        .unwrap()
}

/// What a server does about a request that is the last one of its connection.
fn last(status: u16) -> Vec<Do> {
    let said = answer(status, &["connection: close"], "ok");
    [said, vec![Do::Close]].concat()
}

#[tokio::test]
async fn an_answer_of_503_is_retried_with_the_body() {
    let server = Server::start(|n, _| last(if n < 2 { 503 } else { 200 })).await;
    let service = RetryLayer::new(RETRY).layer(client());
    let answer = service
        .oneshot(request(Method::PUT, server.at, "body"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ok");
    assert_eq!(server.accepted(), 3);
    for seen in server.seen() {
        assert_eq!((&*seen.method, &*seen.path), ("PUT", "/pay"));
        assert_eq!(seen.header("content-length"), Some("4"));
        assert_eq!(seen.body, b"body");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_retried_by_the_method() {
    for (method, requests) in [(Method::GET, 3), (Method::POST, 1)] {
        let server = Server::start(|_, _| vec![Do::Close]).await;
        let service = RetryLayer::new(RETRY).layer(client());
        let out = service
            .oneshot(request(method.clone(), server.at, ""))
            .await;
        assert!(out.is_err(), "{out:?}");
        assert_eq!(server.seen().len(), requests, "{method}");
    }
}

/// A server that is not there yet: nothing was sent, so that a POST is sent again too.
#[tokio::test]
async fn a_post_is_retried_while_nobody_listens() {
    let at = free_address();
    let patient = RETRY.max(1_000).base(Duration::from_millis(5));
    let service = RetryLayer::new(patient).layer(client());
    let call = tokio::spawn(service.oneshot(request(Method::POST, at, "once")));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let server = Server::start_at(at, |_, _| last(200)).await;
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    let bodies = server.seen().into_iter().map(|seen| seen.body);
    assert_eq!(bodies.collect::<Vec<_>>(), [b"once"]);
}

#[tokio::test]
async fn a_silent_server_is_cut_and_a_post_is_sent_once() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let stack = Stack::new("sockets-silent")
        .retry(RETRY)
        .timeout(Duration::from_millis(50));
    let service = StackLayer::new(stack).layer(client());
    for (method, requests) in [(Method::POST, 1), (Method::GET, 4)] {
        let out = service
            .clone()
            .oneshot(request(method, server.at, ""))
            .await;
        let error = out.unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(Error::Timeout { .. })),
            "{error:?}"
        );
        assert_eq!(server.accepted(), requests);
    }
}

#[tokio::test]
async fn a_late_answer_is_overtaken_by_a_copy() {
    let server = Server::start(|n, _| if n == 0 { vec![Do::Hang] } else { last(200) }).await;
    let hedge = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(20)));
    let service = HedgeLayer::new(hedge)
        .clone_request(HttpRequests::new().buffer_limit(4))
        .layer(client());
    let answer = service
        .oneshot(request(Method::PUT, server.at, "body"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let bodies = server.seen().into_iter().map(|seen| seen.body);
    assert_eq!(bodies.collect::<Vec<_>>(), [b"body"; 2]);
}

/// A client whose body type is that of a copy.
#[tokio::test]
async fn the_body_of_a_copy_may_be_the_type_of_the_service() {
    let server = Server::start(|n, _| last(if n == 0 { 503 } else { 200 })).await;
    let client: Client<_, EdgeBody> = Client::builder(TokioExecutor::new()).build_http();
    let service = RetryLayer::new(RETRY).layer(client);
    let request = Request::put(server.url());
    let request = request
        .body(EdgeBody::from(bytes::Bytes::from("body")))
        .unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
    let bodies = server.seen().into_iter().map(|seen| seen.body);
    assert_eq!(bodies.collect::<Vec<_>>(), [b"body"; 2]);
}
