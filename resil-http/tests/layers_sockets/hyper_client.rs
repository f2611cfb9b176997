//! A client of hyper's under the layers, against servers that refuse, reset, say nothing and answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;
use tower_layer::Layer as _;

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

/// Reads a request of HTTP/1.1 that has a `content-length`, and returns its text.
async fn read(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut some = [0; 4096];
        let n = stream.read(&mut some).await.unwrap();
        text.extend(&some[..n]);
        let shown = String::from_utf8(text.clone()).unwrap();
        if let Some((head, body)) = shown.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let value = line.to_ascii_lowercase();
                value
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return shown;
            }
        }
        if n == 0 {
            return shown;
        }
    }
}

/// A server that gives each connection to `serve`, with its number from 1.
async fn server<F, Fut>(serve: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(usize, TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(counted.fetch_add(1, Ordering::SeqCst) + 1, stream));
        }
    });
    (at, connections)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn an_answer_of_503_is_retried_with_the_body() {
    let (at, connections) = server(|n, mut stream| async move {
        let text = read(&mut stream).await;
        assert!(text.starts_with("PUT /pay HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("content-length: 4\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\nbody"), "{text}");
        let answer = if n < 3 { BUSY } else { OK };
        stream.write_all(answer).await.unwrap();
    })
    .await;
    let service = RetryLayer::new(RETRY).layer(client());
    let answer = service
        .oneshot(request(Method::PUT, at, "body"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "ok");
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_retried_by_the_method() {
    for (method, requests) in [(Method::GET, 3), (Method::POST, 1)] {
        let (at, connections) = server(|_, mut stream| async move {
            read(&mut stream).await;
        })
        .await;
        let service = RetryLayer::new(RETRY).layer(client());
        let out = service.oneshot(request(method.clone(), at, "")).await;
        assert!(out.is_err(), "{out:?}");
        assert_eq!(connections.load(Ordering::SeqCst), requests, "{method}");
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
    let listener = TcpListener::bind(at).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let text = read(&mut stream).await;
    assert!(text.ends_with("\r\n\r\nonce"), "{text}");
    stream.write_all(OK).await.unwrap();
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_silent_server_is_cut_and_a_post_is_sent_once() {
    let (at, connections) = server(|_, mut stream| async move {
        read(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let stack = Stack::new("sockets-silent")
        .retry(RETRY)
        .timeout(Duration::from_millis(50));
    let service = StackLayer::new(stack).layer(client());
    for (method, requests) in [(Method::POST, 1), (Method::GET, 4)] {
        let out = service.clone().oneshot(request(method, at, "")).await;
        let error = out.unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(Error::Timeout { .. })),
            "{error:?}"
        );
        assert_eq!(connections.load(Ordering::SeqCst), requests);
    }
}

#[tokio::test]
async fn a_late_answer_is_overtaken_by_a_copy() {
    let (at, _) = server(|n, mut stream| async move {
        let text = read(&mut stream).await;
        assert!(text.ends_with("\r\n\r\nbody"), "{text}");
        if n == 1 {
            std::future::pending::<()>().await;
        }
        stream.write_all(OK).await.unwrap();
    })
    .await;
    let hedge = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(20)));
    let service = HedgeLayer::new(hedge)
        .clone_request(HttpRequests::new().buffer_limit(4))
        .layer(client());
    let answer = service
        .oneshot(request(Method::PUT, at, "body"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

/// A client whose body type is that of a copy.
#[tokio::test]
async fn the_body_of_a_copy_may_be_the_type_of_the_service() {
    let (at, connections) = server(|n, mut stream| async move {
        let text = read(&mut stream).await;
        assert!(text.ends_with("\r\n\r\nbody"), "{text}");
        stream
            .write_all(if n == 1 { BUSY } else { OK })
            .await
            .unwrap();
    })
    .await;
    let client: Client<_, EdgeBody> = Client::builder(TokioExecutor::new()).build_http();
    let service = RetryLayer::new(RETRY).layer(client);
    let request = Request::put(format!("http://{at}/"));
    let request = request
        .body(EdgeBody::from(bytes::Bytes::from("body")))
        .unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}
