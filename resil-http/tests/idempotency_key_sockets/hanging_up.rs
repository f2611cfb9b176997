//! Clients that hang up: one effect, and the recorded answer for the one who asks again.

use std::time::Duration;

use resil_http::server::{DeadlineLayer, IdempotencyKeyLayer};
use resil_runtime::idempotency::IdempotentPolicy;
use resil_runtime::idempotency::store::Memory;
use resil_stores::Shared;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::server::{Server, keys, request, rest};
use crate::support::until;

fn store() -> Shared {
    Shared::new(Memory::default())
}

/// A client that hangs up in the middle of the first request, and asks again with the same key.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_and_asks_again() {
    let server = Server::start(keys(store())).await;
    let first = server.write(&request("k", "a book")).await;
    server.has_begun(1).await;
    drop(first);
    // Told so while the handler runs, of which its client is gone.
    let meanwhile = server.answer(&request("k", "a book")).await;
    assert!(meanwhile.starts_with("HTTP/1.1 409"), "{meanwhile}");
    assert!(
        meanwhile.contains("application/problem+json"),
        "{meanwhile}"
    );
    server.let_go(1);
    let again = server.replay(&request("k", "a book")).await;
    assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    assert!(again.ends_with("paid 1: a book"), "{again}");
    assert_eq!((server.begun(), server.effects()), (1, 1));
}

/// A drain waits for a handler whose client is gone: it is a call in flight, under the name of the layer.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_a_handler_without_its_client() {
    let of = |store: Shared| {
        let keys = IdempotencyKeyLayer::new("drains.here", |_| Some("ada".to_owned()));
        keys.store(store)
    };
    let server = Server::start(of(store())).await;
    let first = server.write(&request("k", "a book")).await;
    server.has_begun(1).await;
    drop(first);
    let left = async || {
        let left = resil::drain(Duration::from_millis(20)).await;
        let functions = left.functions().iter();
        functions.filter(|of| of.function == "drains.here").count()
    };
    assert_eq!(left().await, 1);
    server.let_go(1);
    server.replay(&request("k", "a book")).await;
    assert_eq!(left().await, 0);
}

/// One that asks again at once waits for the answer, where the policy says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_and_waits() {
    let waits = keys(store()).policy(IdempotentPolicy::new());
    let server = Server::start(waits).await;
    drop(server.write(&request("k", "a book")).await);
    // Whether the first one began before its client went is left to chance: it has at most one effect.
    let first = server.write(&request("k", "a book")).await;
    server.has_begun(1).await;
    drop(first);
    let again = server.write(&request("k", "a book")).await;
    let again = tokio::spawn(rest(again));
    server.let_go(1);
    let again = again.await.unwrap();
    assert!(again.ends_with("paid 1: a book"), "{again}");
    assert_eq!((server.begun(), server.effects()), (1, 1));
}

/// Forty clients with one key each ask five times, and hang up four times: forty effects.
#[tokio::test(flavor = "multi_thread")]
async fn many_clients_that_hang_up() {
    let server = Server::start(keys(store())).await;
    server.let_go(10_000);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let mut clients = JoinSet::new();
    for client in 0..40_u64 {
        let server = server.clone();
        clients.spawn(async move {
            let (key, order) = (format!("k{client}"), format!("order {client}"));
            let text = request(&key, &order);
            for ask in 0..4 {
                let stream = server.write(&text).await;
                tokio::time::sleep(Duration::from_micros((client * 37 + ask * 211) % 2_000)).await;
                drop(stream);
            }
            let mut answer = server.answer(&text).await;
            while answer.starts_with("HTTP/1.1 409") {
                answer = server.answer(&text).await;
            }
            assert!(answer.ends_with(&format!(": {order}")), "{answer}");
            assert!(server.replay(&text).await.ends_with(&format!(": {order}")));
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert_eq!(server.effects(), 40);
    // Of the connections, and of the handlers that went on without their clients.
    until("the tasks have ended", || tasks() == before).await;
}

/// A chunked body that stalls, its connection open: the deadline ends the wait, nothing runs, and the key is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_that_stalls() {
    let deadline = DeadlineLayer::new().default(Duration::from_millis(300));
    let server = Server::start_in(keys(store()), deadline).await;
    server.let_go(10);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let head = "POST /pay HTTP/1.1\r\nhost: shop\r\nconnection: close\r\nidempotency-key: \"k\"\r\n\
                content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    for stalls in ["", "5\r\na bo", "5\r\na boo\r\n", "5\r\na boo\r\n1"] {
        let stream = server.write(&format!("{head}{stalls}")).await;
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    }
    assert_eq!(server.begun(), 0);
    let answer = server.answer(&request("k", "a book")).await;
    assert!(answer.ends_with("paid 1: a book"), "{answer}");
    assert!(!answer.contains("idempotency-replayed"), "{answer}");
    until("the tasks have ended", || tasks() == before).await;
}

/// A chunked body that stops is no request: nothing runs, and the key is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_that_stops() {
    let server = Server::start(keys(store())).await;
    server.let_go(10);
    let head = "POST /pay HTTP/1.1\r\nhost: shop\r\nconnection: close\r\nidempotency-key: \"k\"\r\n\
                content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    for stops in ["", "5\r\na bo", "5\r\na boo\r\n", "5\r\na boo\r\n1"] {
        let mut stream = server.write(&format!("{head}{stops}")).await;
        stream.shutdown().await.unwrap();
        let answer = rest(stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
    let broken = server.answer(&format!("{head}no chunk\r\n")).await;
    assert!(
        broken.is_empty() || broken.starts_with("HTTP/1.1 400"),
        "{broken}"
    );
    assert_eq!(server.begun(), 0);
    let whole = format!("{head}5\r\na boo\r\n1\r\nk\r\n0\r\n\r\n");
    assert!(server.answer(&whole).await.contains("paid 1: a book"));
    // The same bytes in one piece are the same payload.
    let again = server.answer(&request("k", "a book")).await;
    assert!(again.contains("idempotency-replayed: true"), "{again}");
}
