//! Whose key it is, and where it is kept.

use std::panic::catch_unwind;

use axum::Router;
use axum::routing::post;
use resil_http::server::IdempotencyKeyLayer;
use resil_runtime::idempotency::IdempotentPolicy;
use resil_runtime::idempotency::store::Memory;
use resil_stores::Shared;

use crate::support::{keys, pay, send, shop, with};

#[tokio::test(start_paused = true)]
async fn a_key_of_nobody_is_refused() {
    let (app, effects) = shop(keys());
    let mut nobody = pay("k");
    nobody.headers_mut().remove("x-account");
    send(&app, nobody).await.is_refused(400, "caller_unknown");
    send(&app, with(pay("k"), "x-account", ""))
        .await
        .is_refused(400, "caller_unknown");
    // Without a key nobody asks.
    let mut nobody = pay("");
    nobody.headers_mut().remove("x-account");
    assert_eq!(send(&app, nobody).await.status, 201);
    assert_eq!(effects.count(), 1);
}

/// Two servers with one store share the answers of one name, and of no other.
#[tokio::test(start_paused = true)]
async fn the_keys_of_one_name_are_shared_by_the_servers_of_a_store() {
    let store = Shared::new(Memory::default());
    let server = |name| {
        let keys = IdempotencyKeyLayer::new(name, |_| Some("ada".to_owned()));
        shop(keys.store(store.clone()))
    };
    let ((a, _), (b, effects), (other, _)) = (server("pay"), server("pay"), server("refund"));
    assert!(!send(&a, pay("k")).await.is_replay());
    assert!(send(&b, pay("k")).await.is_replay());
    assert_eq!(effects.count(), 0);
    assert!(!send(&other, pay("k")).await.is_replay());
}

/// Without a store of its own the layer uses that of the process; a store that is away is an answer.
#[tokio::test(start_paused = true)]
async fn the_store_of_the_process_and_one_that_is_not_there() {
    let named = |policy: Option<IdempotentPolicy>| {
        let keys = IdempotencyKeyLayer::new("of.the.process", |_| Some("ada".to_owned()));
        let keys = match policy {
            None => keys,
            Some(policy) => keys.policy(policy),
        };
        Router::new()
            .route("/pay", post(|| async { "paid" }))
            .layer(keys)
    };
    let app = named(None);
    assert_eq!(send(&app, pay("k")).await.status, 200);
    assert!(send(&named(None), pay("k")).await.is_replay());
    let away = named(Some(IdempotentPolicy::new().store("nowhere")));
    send(&away, pay("k"))
        .await
        .is_refused(503, "store_unavailable");
}

#[test]
fn a_name_is_one_or_it_panics() {
    assert!(catch_unwind(|| IdempotencyKeyLayer::new("no name", |_| None)).is_err());
}

#[test]
fn its_debug_shows_no_secret() {
    let store = Shared::new(Memory::default()).pepper("a secret of ours");
    let keys = keys().store(store);
    for shown in [format!("{keys:?}"), format!("{keys:#?}")] {
        assert!(
            shown.contains("payments") && shown.contains("max_request"),
            "{shown}"
        );
        // As text, and as bytes.
        assert!(
            !shown.contains("secret") && !shown.contains("97, 32, 115"),
            "{shown}"
        );
    }
}
