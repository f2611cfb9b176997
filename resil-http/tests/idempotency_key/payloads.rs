//! The bodies of requests: read whole, within a limit, and handed to the handler as they came.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::routing::post;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt, Limited, StreamBody, channel::Channel};
use tokio_stream::iter;

use crate::support::{keys, pay, send, shop, with};

#[tokio::test(start_paused = true)]
async fn bodies_of_every_length_around_the_limit() {
    let (app, effects) = shop(keys().max_request(16));
    let mut ran = 0;
    for length in 0..=40 {
        for parts in [1, 2, 7] {
            let whole = "x".repeat(length);
            let size = length.div_ceil(parts).max(1);
            let parts: Vec<_> = whole
                .as_bytes()
                .chunks(size)
                .map(Bytes::copy_from_slice)
                .collect();
            let frames = parts
                .into_iter()
                .map(|part| Ok::<_, Infallible>(Frame::data(part)));
            // Of a length that is not known, and of one that is.
            for (n, body) in [
                Body::new(StreamBody::new(iter(frames))),
                Body::from(whole.clone()),
            ]
            .into_iter()
            .enumerate()
            {
                let mut request = pay(&format!("k{length}-{size}-{n}"));
                *request.body_mut() = body;
                let seen = send(&app, request).await;
                if length > 16 {
                    seen.is_refused(413, "body_too_large");
                } else if !seen.is_replay() {
                    ran += 1;
                    assert_eq!(seen.body, format!("paid {ran}: {whole}"));
                }
            }
        }
    }
    assert_eq!(effects.count(), ran);
}

/// A layer around has bounded it to less.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_for_a_layer_around() {
    let (app, effects) = shop(keys().max_request(16));
    let frames = [Bytes::from("12345"), Bytes::from("67890")];
    let frames = frames.map(|part| Ok::<_, Infallible>(Frame::data(part)));
    let body = Limited::new(Body::new(StreamBody::new(iter(frames))), 8);
    let mut request = pay("k");
    *request.body_mut() = Body::new(body);
    send(&app, request).await.is_refused(413, "body_too_large");
    assert_eq!(effects.count(), 0);
}

/// A body that ends before it is whole is no request: the handler does not run, and the key stays free.
#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off() {
    let (app, effects) = shop(keys());
    let (mut sender, channel) = Channel::<Bytes, std::io::Error>::new(4);
    sender.send_data(Bytes::from("5 co")).await.unwrap();
    sender.abort(std::io::Error::other("gone"));
    let mut request = pay("k");
    *request.body_mut() = Body::new(channel);
    send(&app, request).await.is_refused(400, "body_unreadable");
    assert_eq!(send(&app, pay("k")).await.status, 201);
    assert_eq!(effects.count(), 1);
}

/// The handler gets the trailers of its request, too.
#[tokio::test(start_paused = true)]
async fn trailers_come_with_the_body() {
    let handler = |request: Request| async move {
        let whole = request.into_body().collect().await.unwrap();
        let sum = whole.trailers().and_then(|all| all.get("x-sum").cloned());
        let sum = sum.map_or("none".to_owned(), |sum| sum.to_str().unwrap().to_owned());
        format!("{:?}, sum {sum}", whole.to_bytes())
    };
    let app = Router::new().route("/pay", post(handler)).layer(keys());
    let trailers: HeaderMap = [("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]
        .into_iter()
        .collect();
    for (key, frames, seen) in [
        (
            "a",
            vec![Frame::data("5 "), Frame::data("coins")],
            "b\"5 coins\", sum none",
        ),
        (
            "b",
            vec![Frame::data("5"), Frame::trailers(trailers.clone())],
            "b\"5\", sum 7",
        ),
        ("c", vec![Frame::trailers(trailers)], "b\"\", sum 7"),
    ] {
        let frames = frames
            .into_iter()
            .map(|frame| frame.map_data(|data: &str| Bytes::from(data.to_owned())));
        let mut request = pay(key);
        *request.body_mut() = Body::new(StreamBody::new(iter(frames.map(Ok::<_, Infallible>))));
        assert_eq!(send(&app, request).await.body, seen);
    }
}

/// A call of gRPC has no key, and goes past.
#[tokio::test(start_paused = true)]
async fn a_call_of_grpc_goes_past() {
    let (app, effects) = shop(keys().required(true));
    for key in ["k", "k", "", "no key"] {
        let call = with(pay(key), "content-type", "application/grpc+proto");
        let seen = send(&app, call).await;
        assert_eq!((seen.status, seen.is_replay()), (201, false));
    }
    assert_eq!(effects.count(), 4);
}

/// In a router inside of another one the path is the whole one: two routers with equal rests are two payloads.
#[tokio::test(start_paused = true)]
async fn the_path_is_whole_in_a_router_inside_of_another_one() {
    let keys = keys();
    let inner = || Router::new().route("/pay", post(|| async { "paid" }));
    let app = Router::new()
        .nest("/a", inner().layer(keys.clone()))
        .nest("/b", inner().layer(keys));
    let at = |path: &str| {
        let mut request = pay("k");
        *request.uri_mut() = path.parse().unwrap();
        request
    };
    assert_eq!(send(&app, at("/a/pay")).await.status, 200);
    assert!(send(&app, at("/a/pay")).await.is_replay());
    send(&app, at("/b/pay")).await.is_refused(422, "key_reused");
}
