//! How the store in PostgreSQL reaches its server, and what it says when it does not.

use std::time::{Duration, Instant};

use resil::idempotency::store::{Ack, Store, StoreErrorKind};
use resil::idempotency::{self, Postgres};
use tokio_postgres::NoTls;

use crate::postgres::store;
use crate::servers;
use crate::servers::postgres_by_hand as plain;
use crate::servers::proxy::Address;
use crate::servers::records::{LONG, claimed, deaf_port, key, receipt, request};
use crate::servers::{Kind, Own};

#[tokio::test]
async fn secrets_are_not_shown() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let secret = servers::password(&url);
    let store = idempotency::postgres(&url).expect("a URL");
    let wrong = idempotency::postgres(&servers::with_password(&url, "hunter2-wrong"));
    let wrong = wrong.expect("a URL");
    let refused = wrong.claim(&key(), &request()).await.expect_err("refused");
    for said in [
        format!("{store:?} {wrong:?}"),
        format!("{refused} {refused:?}"),
    ] {
        assert!(!said.contains(secret), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert_eq!(refused.kind(), StoreErrorKind::Misconfigured, "{refused}");
    assert!(
        refused
            .to_string()
            .contains("password authentication failed"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_is_no_url_is_an_error_at_once() {
    for url in ["", "postgres", "postgres://:secret@127.0.0.1:port/", "host"] {
        let error = idempotency::postgres(url).expect_err("no URL");
        assert_eq!(
            error.kind(),
            StoreErrorKind::Misconfigured,
            "{url}: {error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn nobody_listens_is_an_error_soon() {
    let (_held, port) = deaf_port();
    let store =
        idempotency::postgres(&format!("postgres://a:b@127.0.0.1:{port}/c")).expect("a URL");
    let begun = Instant::now();
    let error = store
        .claim(&key(), &request())
        .await
        .expect_err("nobody there");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("onnection refused"), "{error}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// A caller that is gone in mid-statement leaves no connection behind that the next one waits on.
#[tokio::test]
async fn a_step_that_is_dropped_blocks_nobody() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = store(&url, "dropped").await;
    let (key, one) = (key(), request());
    claimed(&store, &key, &one).await;
    let mut sql = plain(&url).await;
    let lock = sql.transaction().await.expect("begun");
    lock.execute("SELECT FROM dropped FOR UPDATE", &[])
        .await
        .expect("locked");
    for _ in 0..40 {
        let renewal = store.renew(&key, one.token, LONG, LONG);
        assert!(
            tokio::time::timeout(Duration::from_millis(5), renewal)
                .await
                .is_err()
        );
    }
    // The connections are closed, while the row is locked still.
    let begun = Instant::now();
    claimed(&store, &self::key(), &request()).await;
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    drop(lock);
}

/// A claim that a replica answers may be one that the primary has not got: on one, looking gives
/// nothing, and claiming is refused.
#[tokio::test]
async fn a_replica_answers_no_claim() {
    let Some(mut own) = Own::start(Kind::Postgres).await else {
        return;
    };
    let (key, one) = (key(), request());
    let primary = store(&own.url, "replicated").await;
    claimed(&primary, &key, &one).await;
    assert_eq!(
        primary.complete(&key, one.token, &receipt(), LONG).await,
        Ok(Ack::Ok)
    );
    own.make_standby().await;
    // Connections that it makes itself look for a primary; those of a pool are as they are.
    let refused = primary.claim(&key, &one).await.expect_err("no primary");
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    let config = own.url.parse().expect("a URL");
    let manager = deadpool_postgres::Manager::new(config, NoTls);
    let pool = deadpool_postgres::Pool::builder(manager)
        .build()
        .expect("a pool");
    let store = Postgres::from_pool(pool)
        .table("replicated")
        .expect("a name");
    let warnings = store.check().await.expect("asked");
    assert!(
        warnings.iter().any(|w| w.contains("replica")),
        "{warnings:?}"
    );
    let refused = store.claim(&key, &one).await.expect_err("a replica");
    assert!(
        refused.to_string().contains("recovery") || refused.to_string().contains("read-only"),
        "{refused}"
    );
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
}

#[test]
fn a_store_outlives_the_runtime_that_it_was_first_used_in() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let store = idempotency::postgres(&url)
        .expect("a URL")
        .table("runtimes")
        .expect("a name");
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            store.create_schema().await.expect("created");
            claimed(&store, &key(), &request()).await;
        });
    }
}

/// A host that vanished sends no word on any connection of the pool. One step waits for an answer; those
/// after it have new connections.
#[tokio::test]
async fn a_pool_whose_server_fell_silent_costs_one_step() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let address = Address::of(servers::port(&url)).await;
    let url = servers::at_port(&url, address.port);
    let store = store(&url, "silent").await.timeout(Duration::from_secs(1));
    let mut steps = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        steps.spawn(async move { claimed(&store, &key(), &request()).await });
    }
    steps.join_all().await;
    address.falls_silent();
    let refused = store.claim(&key(), &request()).await.expect_err("silence");
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    claimed(&store, &key(), &request()).await;
}
