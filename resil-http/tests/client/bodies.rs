//! Bodies of requests and of answers.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use resil_http::client::{Body, ClientError};
use tokio::sync::mpsc::Receiver;

use crate::peer::{Server, answer, ok};
use crate::{client, what};

type Part = Result<Bytes, std::io::Error>;

/// What a channel gives, as a stream.
pub(crate) struct Received(pub(crate) Receiver<Part>);

impl tokio_stream::Stream for Received {
    type Item = Part;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Part>> {
        self.0.poll_recv(cx)
    }
}

#[tokio::test]
async fn bytes_of_every_size_arrive_with_their_length() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("sizes", &server).build().unwrap();
    let limits = [16 << 10, 64 << 10, 1 << 20];
    let around = limits.into_iter().flat_map(|at| [at - 1, at, at + 1]);
    for size in [0, 1].into_iter().chain(around) {
        let body: Vec<u8> = (0..=250).cycle().take(size).collect();
        let answer = client.put("/").body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let seen = server.seen().pop().unwrap();
        assert!(seen.body == body, "{size}");
        assert_eq!(
            seen.header("content-length"),
            Some(size.to_string().as_str())
        );
    }
    assert_eq!(server.accepted(), 1, "all over one connection");
}

#[tokio::test]
async fn a_stream_arrives_in_chunks_and_a_length_that_is_known_is_told() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("streams", &server).build().unwrap();
    let parts = ["one", "", "two"].map(|part| Ok::<_, std::io::Error>(Bytes::from(part)));
    let body = Body::stream(tokio_stream::iter(parts));
    client.post("/").body(body).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
    let text = String::from_utf8(seen.body).unwrap();
    assert_eq!(text, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");

    let known = http_body_util::Full::new(Bytes::from(vec![b'x'; 100_000]));
    let body = Body::from(reqwest::Body::wrap(known));
    client.post("/").body(body).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.header("content-length"), Some("100000"));
    assert_eq!(seen.body.len(), 100_000);
}

#[tokio::test]
async fn a_stream_that_fails_ends_the_call_and_is_not_sent_again() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("stream-fails", &server).build().unwrap();
    let parts = [
        Ok(Bytes::from("one")),
        Err(std::io::Error::other("the disk is gone")),
    ];
    let body = Body::stream(tokio_stream::iter(parts));
    let error = client.put("/").body(body).send().await.unwrap_err();
    assert_eq!(
        what(&error),
        "the request failed: the disk is gone",
        "{error:?}"
    );
    assert_eq!(server.accepted(), 1);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn json_goes_out_and_comes_in() {
    let server =
        Server::start(|number, _| answer(200, &[], if number == 0 { "[1,2]" } else { "{}" })).await;
    let client = client("json", &server).build().unwrap();
    let call = client.post("/sums").query([("a", "1 2")]).json(&[3, 4]);
    let sums: Vec<u32> = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(sums, [1, 2]);
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.path, "/sums?a=1+2");
    assert_eq!(seen.body, b"[3,4]");
    assert_eq!(seen.header("content-type"), Some("application/json"));

    let response = client.get("/").send().await.unwrap();
    let error = response.json::<Vec<u32>>().await.unwrap_err();
    assert!(matches!(error, ClientError::Json { .. }), "{error:?}");
}

#[tokio::test]
async fn the_head_of_an_answer_is_there_before_its_body() {
    let server = Server::start(|_, _| answer(404, &["x-a: 1"], "none")).await;
    let client = client("head", &server).build().unwrap();
    let response = client.get("/x").send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-a"], "1");
    assert_eq!(response.content_length(), Some(4));
    assert_eq!(response.url().path(), "/x");
    assert_eq!(response.remote_addr(), Some(server.at));
    assert_eq!(response.attempts(), 1);
    assert_eq!(response.version(), http::Version::HTTP_11);
    let error = response.error_for_status().unwrap_err();
    assert_eq!(what(&error), "the answer is 404 Not Found");
}
