//! What is not sent again: no request that may have been executed and does harm twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use resil_http::client::{Body, ClientError};

use crate::peer::{Do, Names, Server, fails_first, ok};
use crate::support::free_address;
use crate::{at_once, client, ms, what};

#[tokio::test]
async fn a_post_that_was_answered_is_not_sent_again() {
    for status in [500, 502, 503, 504] {
        let server = fails_first(status).await;
        let client = client("post", &server).retry(at_once(3)).build().unwrap();
        let response = client.post("/").body("once").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_post_whose_connection_broke_is_not_sent_again() {
    for end in [Do::Reset, Do::Close] {
        let server = Server::start(move |number, _| match number {
            0 => vec![end.clone()],
            _ => ok(),
        })
        .await;
        let client = client("post-broke", &server)
            .retry(at_once(3))
            .build()
            .unwrap();
        let error = client.post("/").body("once").send().await.unwrap_err();
        assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
        assert!(!error.is_unsent());
        assert_eq!(server.seen().len(), 1);

        // The same, of a method that may be repeated.
        let server = Server::start(|number, _| match number {
            0 => vec![Do::Reset],
            _ => ok(),
        })
        .await;
        let client = crate::client("put-broke", &server)
            .retry(at_once(3))
            .build()
            .unwrap();
        let response = client.put("/").body("twice").send().await.unwrap();
        assert_eq!(response.attempts(), 2);
        assert_eq!(server.seen()[1].body, b"twice");
    }
}

#[tokio::test]
async fn a_post_that_timed_out_is_not_sent_again() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let client = client("post-late", &server)
        .read(ms(100))
        .retry(at_once(3))
        .build()
        .unwrap();
    let error = client.post("/").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_post_that_was_not_sent_is_sent_again() {
    let server = Server::start(|_, _| ok()).await;
    let bodies = [
        Body::from("a"),
        // A stream of which no byte was asked for is whole.
        Body::stream(tokio_stream::iter([Ok::<_, std::io::Error>(Bytes::from(
            "a",
        ))])),
    ];
    for body in bodies {
        let names = Arc::new(Names::of(&[free_address(), server.at]));
        let lookups = Arc::clone(&names.lookups);
        let client = client("post-unsent", "pay.test")
            .retry(at_once(3))
            .http(move |http| http.dns_resolver(Arc::clone(&names)))
            .build()
            .unwrap();
        let response = client.post("/").body(body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.attempts(), 2);
        assert_eq!(lookups.load(Ordering::SeqCst), 2);
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_connection_is_an_error_that_says_why() {
    let client = client("refused", free_address())
        .retry(at_once(2))
        .build()
        .unwrap();
    let error = client.post("/secret?token=7").send().await.unwrap_err();
    assert!(
        matches!(error, ClientError::NoConnection { .. }),
        "{error:?}"
    );
    assert!(error.is_unsent() && !error.is_timeout());
    let text = what(&error);
    assert!(
        text.starts_with("no connection: ") && text.contains("refused"),
        "{text}"
    );
    assert!(!text.contains("token"), "{text}");
}

#[tokio::test]
async fn a_connection_that_died_idle_is_no_attempt() {
    // Each answer is the last of its connection, and says nothing of it.
    let server = Server::start(|_, _| [ok(), vec![Do::Close]].concat()).await;
    let client = client("idle", &server).no_retry().build().unwrap();
    for _ in 0..5 {
        let response = client.post("/").body("a").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "ok");
        crate::support::until("the server has closed", || server.open() == 0).await;
    }
    assert_eq!(server.seen().len(), 5);
    assert_eq!(server.accepted(), 5);
}

#[tokio::test]
async fn a_post_that_a_timeout_of_a_stack_has_cut_is_not_sent_again() {
    let server = Server::start(|_, _| vec![Do::Hang]).await;
    let stack = resil_runtime::Stack::new("client-post-cut")
        .retry(at_once(3))
        .timeout(ms(100));
    let client = client("post-cut", &server).stack(stack).build().unwrap();
    let error = client.post("/").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_stream_is_sent_once() {
    let server = fails_first(503).await;
    let client = client("stream", &server).retry(at_once(3)).build().unwrap();
    let stream = tokio_stream::iter([Ok::<_, std::io::Error>(Bytes::from("a"))]);
    let call = client.put("/").body(Body::stream(stream));
    let response = call.send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(server.seen().len(), 1);
}
