//! Redirects stay reqwest's; the client has to know that there was one.

use std::sync::Arc;

use http::{HeaderMap, Method};
use resil_http::client::{ClientError, Response};
use resil_http::outcome::{HttpOutcome, Kept, Outcome, Verdict, was_not_sent};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::peer::{Do, Server, answer, fails_first, ok, send};
use crate::support::free_address;
use crate::{at_once, client, ms, what};

#[tokio::test]
async fn a_post_that_failed_after_a_redirect_was_sent_and_is_not_sent_again() {
    let nobody = free_address();
    let location = format!("location: http://{nobody}/there");
    let server = Server::start(move |_, _| answer(303, &[&location], "")).await;
    let client = client("redirect-closed", &server)
        .retry(at_once(3))
        .build()
        .unwrap();
    let error = client.post("/").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
    assert!(!error.is_unsent());
    assert_eq!(server.seen().len(), 1);
    // Nor by a layer around the client, or around reqwest's own.
    assert!(!was_not_sent(&error.into()));
    let call = reqwest::Client::new().post(format!("http://{server}"));
    let error = call.send().await.unwrap_err();
    assert!(error.is_connect());
    assert!(!was_not_sent(&error.into()));

    let closed = crate::client("not-redirected", nobody)
        .no_retry()
        .build()
        .unwrap();
    let error = closed.post("/").send().await.unwrap_err();
    assert!(was_not_sent(&error.into()));
}

/// Returns what an answer of the client means to a layer around it.
fn judged(method: &Method, response: Response) -> Verdict {
    let rule = HttpOutcome::new();
    let kept = Kept::of(method, &HeaderMap::new());
    let response = http::Response::from(response);
    Outcome::<http::Request<()>, _>::of_response(&rule, &kept, &response)
}

/// Whatever the last answer says, it says it of the last request.
#[tokio::test]
async fn a_post_that_was_answered_after_a_redirect_was_sent_and_is_not_sent_again() {
    const HEAD: [&str; 2] = ["retry-after: 0", "x-envoy-overloaded: true"];
    for (status, head) in [
        (421, &[][..]),
        (408, &[]),
        (425, &[]),
        (429, &HEAD[..1]),
        (503, &HEAD[..1]),
        (503, &HEAD),
        (421, &HEAD),
    ] {
        let other = Server::start(move |_, _| answer(status, head, "")).await;
        let location = format!("location: http://{other}/done");
        let server = Server::start(move |_, _| answer(303, &[&location], "")).await;
        let client = client("redirect-answered", &server)
            .retry(at_once(3))
            .build()
            .unwrap();
        let response = client.post("/pay").body("once").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(server.seen().len(), 1, "{status} {head:?}");
        // Nor by a layer around the client, which judges the same answer.
        let verdict = judged(&Method::POST, response);
        let is_final = matches!(
            verdict,
            Verdict::Failure {
                may_repeat: false,
                ..
            }
        );
        assert!(is_final, "{status} {head:?}: {verdict:?}");

        // What does no harm twice is.
        client.get("/pay").send().await.unwrap();
        assert_eq!(server.seen().len(), 4, "{status} {head:?}");
    }
    let server = fails_first(421).await;
    let client = client("misdirected", &server)
        .retry(at_once(3))
        .build()
        .unwrap();
    let response = client.post("/pay").body("twice").send().await.unwrap();
    assert_eq!((response.status().as_u16(), server.seen().len()), (200, 2));
}

/// reqwest calls its refusal of such a scheme an error of its builder, as before a request.
#[tokio::test]
async fn a_redirect_to_another_scheme_was_sent() {
    let server = Server::start(|_, _| answer(303, &["location: myapp://callback?code=secret"], ""));
    let server = server.await;
    let client = client("redirect-scheme", &server)
        .retry(at_once(3))
        .build()
        .unwrap();
    let error = client.post("/login").body("once").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
    assert_eq!(
        what(&error),
        "the request failed: URL scheme is not allowed"
    );
    assert!(!error.is_unsent());
    assert!(!was_not_sent(&error.into()));
    assert_eq!(server.seen().len(), 1);

    // Without a redirect nothing was sent.
    let strict = crate::client("https-only", &server)
        .http(|http| http.https_only(true))
        .build()
        .unwrap();
    let error = strict.post("/login").send().await.unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
    assert!(error.is_unsent());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_small_body_is_sent_again_for_a_307_or_308_and_a_large_one_is_not() {
    for status in [307, 308] {
        let server = Server::start(move |_, seen| match &*seen.path {
            "/here" => answer(status, &["location: /there"], ""),
            _ => ok(),
        })
        .await;
        let client = client("redirect-body", &server).build().unwrap();
        let response = client.post("/here").body("small").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.url().path(), "/there");
        assert_eq!(response.attempts(), 1);
        let seen = server.seen().pop().unwrap();
        assert_eq!((&*seen.method, &*seen.body), ("POST", &b"small"[..]));

        let large = vec![b'x'; 100_000];
        let response = client.post("/here").body(large).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["location"], "/there");
    }
}

#[tokio::test]
async fn the_policy_is_the_callers() {
    let server = Server::start(|_, _| answer(302, &["location: /again"], "")).await;
    let none = client("redirect-none", &server)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    assert_eq!(none.get("/").send().await.unwrap().status(), 302);

    let server = Server::start(|_, _| answer(302, &["location: /again"], "")).await;
    let limited = client("redirect-limited", &server)
        .redirect(reqwest::redirect::Policy::limited(3))
        .retry(at_once(3))
        .build()
        .unwrap();
    let error = limited.get("/").send().await.unwrap_err();
    assert_eq!(
        what(&error),
        "the request failed: too many redirects",
        "{error:?}"
    );
    assert_eq!(server.seen().len(), 4, "it would come again: no retry");
}

#[tokio::test]
async fn a_redirect_is_progress() {
    let server = Server::start(|_, seen| {
        let slowly = vec![Do::Pause(ms(250))];
        let answer = match &*seen.path {
            "/0" => answer(302, &["location: /1"], ""),
            "/1" => answer(302, &["location: /2"], ""),
            _ => ok(),
        };
        [slowly, answer].concat()
    })
    .await;
    let client = client("redirect-slow", &server)
        .read(ms(500))
        .no_retry()
        .build()
        .unwrap();
    let response = client.get("/0").send().await.unwrap();
    assert_eq!(response.url().path(), "/2");
}

/// A server that sends an upload elsewhere as soon as it has its head, reads no more of it, and is silent there.
async fn redirects_an_upload_early() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut part = [0; 1024];
        let (mut upload, _) = listener.accept().await.unwrap();
        let _ = upload.read(&mut part).await.unwrap();
        let moved = "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n";
        upload.write_all(moved.as_bytes()).await.unwrap();
        let _login = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
    });
    at
}

#[tokio::test]
async fn an_upload_that_is_redirected_early_is_over() {
    let server = redirects_an_upload_early().await;
    let client = client("redirect-early", &server)
        .write(ms(300))
        .read(ms(900))
        .no_retry()
        .build()
        .unwrap();
    let call = client.post("/upload").body(vec![b'x'; 64 << 20]);
    let error = call.send().await.unwrap_err();
    assert!(matches!(error, ClientError::Read { .. }), "{error:?}");
}

#[tokio::test]
async fn what_reqwest_can_is_set_on_its_builder() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let server = {
        let seen = Arc::clone(&seen);
        Server::start(move |_, request| {
            let agent = request.header("user-agent").unwrap_or("none").to_owned();
            seen.lock().unwrap().push(agent);
            send("HTTP/1.1 204 None\r\n\r\n")
        })
        .await
    };
    let client = client("own-settings", &server)
        .http(|http| http.user_agent("mine/1"))
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["mine/1"]);
}
