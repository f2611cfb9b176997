//! Which answers are recorded, and what is replayed of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, channel::Channel};
use resil_http::server::IdempotencyKeyLayer;
use resil_runtime::event::{Event, subscribe};
use resil_runtime::idempotency::IdempotencyEvent;
use tokio::time::sleep;
use tokio_stream::iter;
use tower::ServiceExt;

use crate::support::{Effects, Seen, keys, pay, send, shop, with};

/// An app that answers with `answer`, which is told which effect it is.
fn answering(
    keys: IdempotencyKeyLayer,
    answer: impl Fn(u32) -> Response + Clone + Send + Sync + 'static,
) -> (Router, Effects) {
    let effects = Effects::default();
    let counted = effects.clone();
    let handler = move || {
        let answer = answer(counted.add());
        async move { answer }
    };
    (
        Router::new().route("/pay", post(handler)).layer(keys),
        effects,
    )
}

#[tokio::test(start_paused = true)]
async fn status_chosen_headers_and_body_are_replayed() {
    let answer = |_| {
        let headers = [
            ("content-type", "application/json"),
            ("content-encoding", "identity"),
            ("etag", "\"1\""),
            ("set-cookie", "session=secret"),
            ("x-request-id", "7"),
        ];
        (http::StatusCode::ACCEPTED, headers, "{\"paid\":5}").into_response()
    };
    let (app, _) = answering(keys(), answer);
    let first = send(&app, pay("k")).await;
    assert_eq!(first.header("set-cookie"), "session=secret");
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = send(&app, pay("k")).await;
    assert_eq!((again.status, again.body.as_str()), (202, "{\"paid\":5}"));
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(again.header("content-encoding"), "identity");
    assert_eq!(again.header("etag"), "\"1\"");
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("set-cookie"), "");
    assert_eq!(again.header("x-request-id"), "");
    let chosen = keys().replayed_headers(["x-request-id".parse().unwrap()]);
    let (app, _) = answering(chosen, answer);
    send(&app, pay("k")).await;
    let again = send(&app, pay("k")).await;
    assert_eq!(again.header("x-request-id"), "7");
    assert_eq!(again.header("content-type"), "");
}

/// RFC 9110 wants them: `WWW-Authenticate` in each 401 (section 11.6.1), `Allow` in each 405 (15.5.6).
#[tokio::test(start_paused = true)]
async fn what_an_answer_of_its_status_must_have_is_replayed() {
    for (status, name, value) in [
        (401, "www-authenticate", "Bearer realm=\"pay\""),
        (405, "allow", "GET, HEAD"),
    ] {
        let answer = move |_| {
            let status = http::StatusCode::from_u16(status).unwrap();
            (status, [(name, value)]).into_response()
        };
        let (app, _) = answering(keys(), answer);
        send(&app, pay("k")).await;
        let again = send(&app, pay("k")).await;
        assert_eq!((again.status, again.header(name)), (status, value));
        assert!(again.is_replay());
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_and_headers_of_any_bytes_come_back() {
    let bytes: Vec<u8> = (0..=255).chain([0, 34, 92, 255]).collect();
    let answer = {
        let bytes = bytes.clone();
        move |_| {
            let name = http::HeaderValue::from_bytes(b"caf\xe9").unwrap();
            let mut response = Response::new(Body::from(bytes.clone()));
            response.headers_mut().append("link", name.clone());
            response
                .headers_mut()
                .append("link", "<b>".parse().unwrap());
            response
        }
    };
    let (app, effects) = answering(keys(), answer);
    let (first, again) = (send(&app, pay("k")).await, send(&app, pay("k")).await);
    assert!(again.is_replay());
    let links = |seen: &Seen| {
        let all = seen.headers.get_all("link").iter().cloned();
        all.collect::<Vec<_>>()
    };
    assert_eq!(links(&first), links(&again));
    let raw = app.oneshot(pay("k")).await.unwrap().into_body();
    assert_eq!(raw.collect().await.unwrap().to_bytes(), bytes);
    assert_eq!(effects.count(), 1);
}

/// An answer that says that nothing was done frees the key.
#[tokio::test(start_paused = true)]
async fn answers_that_ask_to_come_again_are_not_recorded() {
    let (app, effects) = shop(keys());
    for (key, status) in [
        ("a", "408"),
        ("b", "425"),
        ("c", "429"),
        ("d", "500"),
        ("e", "503"),
        ("f", "599"),
    ] {
        let failed = send(&app, with(pay(key), "x-status", status)).await;
        assert_eq!(failed.status, status.parse::<u16>().unwrap());
        let again = send(&app, pay(key)).await;
        assert_eq!((again.status, again.is_replay()), (201, false), "{status}");
        assert!(send(&app, pay(key)).await.is_replay());
    }
    assert_eq!(effects.count(), 12);
}

/// It would be replayed for a day, and the answer that is still to come never be seen.
#[tokio::test(start_paused = true)]
async fn an_answer_that_another_server_has_the_request_is_not_recorded() {
    // As a server behind passes it on, and as an error of resil's own is answered.
    for (hides, records_all) in [("", false), ("retry-after", false), ("", true)] {
        let (bank, effects) = shop(keys());
        let behind = bank.clone();
        let passes_on = move |request: Request| async move {
            let mut answer = behind.oneshot(request).await?;
            answer.headers_mut().remove(hides);
            Ok::<_, Infallible>(answer)
        };
        let keys = if records_all {
            keys().record(|_| true)
        } else {
            keys()
        };
        let edge = Router::new().route("/pay", post(passes_on)).layer(keys);
        let slow = || with(pay("k"), "x-takes", "1000");
        let meanwhile = async {
            sleep(Duration::from_millis(100)).await;
            send(&edge, slow()).await.is_refused(409, "in_progress");
        };
        tokio::join!(send(&bank, slow()), meanwhile);
        let again = send(&edge, slow()).await;
        assert_eq!((again.status, again.is_replay()), (201, true), "{hides}");
        assert_eq!(effects.count(), 1);
    }
}

/// What can't be recorded goes to its own client and says so; the key is done, and nothing runs again.
#[tokio::test(start_paused = true)]
async fn answers_that_can_not_be_recorded() {
    async fn hold(
        why: &str,
        body: &str,
        answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
    ) {
        let (app, effects) = answering(keys().max_answer(1_000), move |_| answer());
        let told = Arc::new(AtomicU32::new(0));
        // Other tests have the same name for their keys, and threads of their own.
        let (seen, here) = (Arc::clone(&told), thread::current().id());
        let _listening = subscribe(move |event| {
            if let Event::Idempotency { name, what, .. } = event
                && (*name, thread::current().id()) == ("payments", here)
                && let IdempotencyEvent::NotRecorded(_) = what
            {
                seen.fetch_add(1, Relaxed);
            }
        });
        let first = send(&app, pay("k")).await;
        assert_eq!(told.load(Relaxed), 1, "{why}: the event NotRecorded");
        assert_eq!((first.status, first.body.as_str()), (200, body), "{why}");
        assert_eq!(first.header("idempotency-unrecorded"), why);
        let again = send(&app, pay("k")).await;
        again.is_refused(500, "result_lost");
        assert_eq!(effects.count(), 1);
    }
    let parts = || iter(["a", "b"].map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from(part)))));
    hold("streaming", "ab", move || {
        Response::new(Body::new(StreamBody::new(parts())))
    })
    .await;
    let large = "x".repeat(1_001);
    hold("too-large", &large.clone(), move || {
        Response::new(Body::from(large.clone()))
    })
    .await;
    hold("trailers", "ab", || {
        let trailers = async {
            Some(Ok::<_, Infallible>(HeaderMap::from_iter([(
                http::header::ETAG,
                "\"1\"".parse().unwrap(),
            )])))
        };
        Response::new(Body::new(
            Full::new(Bytes::from("ab")).with_trailers(trailers),
        ))
    })
    .await;
}

/// One of exactly the limit is recorded.
#[tokio::test(start_paused = true)]
async fn answers_around_the_limit() {
    for length in 0..=20 {
        let (app, _) = answering(keys().max_answer(10), move |_| {
            Response::new(Body::from("x".repeat(length)))
        });
        let first = send(&app, pay("k")).await;
        assert_eq!(first.body.len(), length);
        let again = send(&app, pay("k")).await;
        if length <= 10 {
            assert!(again.is_replay() && again.body == first.body);
        } else {
            again.is_refused(500, "result_lost");
        }
    }
}

/// An answer that breaks off breaks off for its client. Its effect took place, so nothing runs again.
#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off() {
    struct Breaks(Channel<Bytes, std::io::Error>);
    impl http_body::Body for Breaks {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            std::pin::Pin::new(&mut self.0).poll_frame(cx)
        }
        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(4)
        }
    }
    let (app, effects) = answering(keys(), |_| {
        let (sender, channel) = Channel::new(4);
        sender.abort(std::io::Error::other("gone"));
        Response::new(Body::new(Breaks(channel)))
    });
    let first = app.clone().oneshot(pay("k")).await.unwrap();
    assert_eq!(first.headers()["idempotency-unrecorded"], "broken");
    assert!(first.into_body().collect().await.is_err());
    let again = send(&app, pay("k")).await;
    again.is_refused(500, "result_lost");
    assert_eq!(effects.count(), 1);
}
