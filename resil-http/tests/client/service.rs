//! The client as a service of tower.

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty};
use resil_http::client::{Body, ClientError};
use tower::{Service as _, ServiceExt as _};

use crate::peer::{Server, answer, fails_first, ok};
use crate::{at_once, client};

#[tokio::test]
async fn it_sends_requests_under_its_policies() {
    let server = Server::start(|number, _| match number {
        0 => answer(503, &[], ""),
        _ => ok(),
    })
    .await;
    let mut client = client("service", &server)
        .retry(at_once(2))
        .build()
        .unwrap();
    let request = Request::put("/x?a=1")
        .header("x-a", "1")
        .body(Body::from("body"))
        .unwrap();
    let response = client.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "ok");
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.path, "/x?a=1");
    assert_eq!(seen.header("x-a"), Some("1"));
    assert_eq!(seen.body, b"body");
}

#[tokio::test]
async fn a_whole_uri_does_not_go_around_the_base() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("service-base", &server).build().unwrap();
    let request = Request::get("http://evil.test/")
        .body(Body::empty())
        .unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
}

/// The version of a request that came in says nothing about the connection on which it goes on.
#[tokio::test]
async fn a_request_that_came_in_goes_on_whatever_its_version_is() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("service-version", &server).build().unwrap();
    for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
        let request = Request::get("/").version(version).body(Body::empty());
        let response = client.clone().oneshot(request.unwrap()).await;
        let response = response.unwrap_or_else(|error| panic!("{version:?}: {error:?}"));
        assert_eq!(response.version(), Version::HTTP_11);
    }
}

/// As one that came in through hyper or axum has it: a stream, which is over at once.
#[tokio::test]
async fn a_body_that_is_over_at_once_is_none() {
    let server = fails_first(503).await;
    let client = client("service-empty", &server)
        .retry(at_once(2))
        .build()
        .unwrap();
    let body = reqwest::Body::wrap(Empty::<Bytes>::new());
    let request = Request::get("/").body(Body::from(body)).unwrap();
    let response = client.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    for seen in server.seen() {
        assert_eq!(seen.header("transfer-encoding"), None);
        assert_eq!(seen.header("content-length"), None);
    }
}
