//! What others send that they should not, and what can't be sent.

use resil_http::client::ClientError;

use crate::peer::{Do, Server, ok, send};
use crate::{client, ms, what};

/// Sends this in the place of an answer, and closes.
async fn says(text: &'static str) -> Server {
    Server::start(move |_, _| [send(text), vec![Do::Close]].concat()).await
}

#[tokio::test]
async fn bodies_that_stop_are_errors() {
    for (case, text) in [
        (
            "a chunk that stops",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal",
        ),
        (
            "chunks without an end",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        ),
        (
            "a length that is no number",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhalf",
        ),
        (
            "a length that is too large",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        ),
        (
            "fewer bytes than were told",
            "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf",
        ),
    ] {
        let server = says(text).await;
        let client = client("stops", &server).build().unwrap();
        let response = client.get("/").send().await.unwrap();
        let error = response.bytes().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Transport { .. }),
            "{case}: {error:?}"
        );
        assert!(what(&error).starts_with("the request failed: "), "{case}");
    }
}

#[tokio::test]
async fn heads_that_are_none_are_errors() {
    for (case, text) in [
        ("nothing", ""),
        ("half a head", "HTTP/1.1 200 OK\r\nx-a: "),
        ("another protocol", "220 mail.test ESMTP\r\n"),
        ("a status that is none", "HTTP/1.1 99999 OK\r\n\r\n"),
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        ),
        (
            "a negative length",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        ),
    ] {
        let server = says(text).await;
        let client = client("no-head", &server).no_retry().build().unwrap();
        let error = client.get("/").send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Transport { .. }),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_bounded() {
    let head = "HTTP/1.1 200 OK\r\nx-a: ";
    let server = Server::start(move |_, _| [send(head), vec![Do::Drip(ms(10))]].concat()).await;
    let dripping = client("head-drips", &server)
        .read(ms(300))
        .no_retry()
        .build()
        .unwrap();
    let error = dripping.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");

    let server = Server::start(move |_, _| [send(head), vec![Do::Flood]].concat()).await;
    let flooded = client("head-floods", &server).no_retry().build().unwrap();
    let error = flooded.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
}

#[tokio::test]
async fn what_can_not_be_sent_is_told_and_nothing_is_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("unsendable", &server).build().unwrap();
    for (call, reason) in [
        (
            client.get("/").header("x-a", "b\nc"),
            "the header `x-a`: failed to parse header value",
        ),
        (
            client.get("/").header("x a", "b"),
            "the name of a header: invalid HTTP header name",
        ),
        (
            client.get("/").header("x-a", "\u{7f}"),
            "the header `x-a`: failed to parse header value",
        ),
        (
            client.get("/").bearer("a\r\nb"),
            "the header `authorization`: failed to parse header value",
        ),
        (
            client.get("http://evil.test/").header("x-a", "b\n"),
            "`http://evil.test/` is a whole URL, and",
        ),
        (
            client
                .post("/")
                .json(&std::collections::HashMap::from([((1, 2), 3)])),
            "the body is no JSON: key must be a string",
        ),
    ] {
        let error = call.send().await.unwrap_err();
        let ClientError::Request { reason: said, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(said.starts_with(reason), "{said}");
        assert!(error.is_unsent());
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_path_is_encoded_and_can_not_forge_a_request() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("forged", &server).build().unwrap();
    let path = "/a b\r\nx-forged: 1\u{e9}";
    client.get(path).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.path, "/a%20bx-forged:%201%C3%A9");
    assert_eq!(seen.header("x-forged"), None);
    assert_eq!(seen.method, "GET");
}
