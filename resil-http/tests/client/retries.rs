//! What is sent again: each request that may have been executed and does no harm twice.

use crate::peer::{Do, Server, answer, fails_first, ok};
use crate::{at_once, client};

#[tokio::test]
async fn an_idempotent_request_is_sent_again() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let server = fails_first(503).await;
        let client = client("again", &server).retry(at_once(3)).build().unwrap();
        let method = method.parse().unwrap();
        let response = client.request(method, "/").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.attempts(), 2);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_retry_is_there_by_default() {
    let server = fails_first(502).await;
    let client = client("default", &server).build().unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.attempts(), 2);
}

#[tokio::test]
async fn an_idempotency_key_lets_a_post_be_sent_again() {
    let server = fails_first(503).await;
    let client = client("key", &server).retry(at_once(3)).build().unwrap();
    let call = client.post("/").header("Idempotency-Key", "mine");
    let response = call.body("a").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let keys: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["mine", "mine"]);
}

#[tokio::test]
async fn keys_can_be_added_one_for_all_attempts_of_a_call() {
    let server = Server::start(|number, _| match number {
        0 | 1 => vec![Do::Reset],
        _ => ok(),
    })
    .await;
    let client = client("keys", &server)
        .retry(at_once(3))
        .idempotency_keys()
        .build()
        .unwrap();
    let response = client.post("/").body("a").send().await.unwrap();
    assert_eq!(response.attempts(), 3);
    client.patch("/").send().await.unwrap();
    client.get("/").send().await.unwrap();
    let own = client.post("/").header("idempotency-key", "mine");
    own.send().await.unwrap();
    let seen = server.seen();
    let key = |at: usize| seen[at].header("idempotency-key");
    assert_eq!(key(0).unwrap().len(), 36);
    assert_eq!(key(1), key(0));
    assert_eq!(key(2), key(0));
    assert_ne!(key(3), key(0));
    assert_eq!(key(3).unwrap().len(), 36);
    assert_eq!(key(4), None);
    assert_eq!(key(5), Some("mine"));
}

#[tokio::test]
async fn a_caller_can_say_that_a_post_does_no_harm_twice() {
    let server = Server::start(|number, _| match number {
        0 | 2 => answer(503, &[], ""),
        _ => ok(),
    })
    .await;
    let client = client("repeat-if", &server)
        .retry(at_once(3))
        .repeat_if(|request| request.uri.path() == "/search")
        .build()
        .unwrap();
    assert_eq!(client.post("/search").send().await.unwrap().attempts(), 2);
    assert_eq!(client.post("/charge").send().await.unwrap().status(), 503);
}

#[tokio::test]
async fn the_last_answer_comes_back_when_all_attempts_have_failed() {
    let server = Server::start(|number, _| answer(503, &[], &number.to_string())).await;
    let client = client("last", &server).retry(at_once(3)).build().unwrap();
    let response = client.get("/").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.attempts(), 3);
    assert_eq!(response.text().await.unwrap(), "2");
}

#[tokio::test]
async fn an_answer_that_would_come_again_is_final() {
    for status in [400, 401, 403, 404, 409, 422, 501] {
        let server = Server::start(move |_, _| answer(status, &[], "no")).await;
        let client = client("final", &server).retry(at_once(3)).build().unwrap();
        let response = client.get("/").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(server.seen().len(), 1);
    }
}
