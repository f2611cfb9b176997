//! The store in Redis: the conformance suite, and what is Redis' own. Real server, real time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::servers;
use crate::servers::records::{LONG, claimed, deaf_port, key, receipt, request};
use crate::servers::{Kind, Own};
use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::{AsyncCommands, Client};
use resil::idempotency::conformance::Suite;
use resil::idempotency::store::{Ack, ClaimAnswer, ClaimRequest, Store, StoreErrorKind, Token};
use resil::idempotency::{self, Redis};

pub(crate) fn store(url: &str) -> Redis {
    idempotency::redis(url).expect("a URL")
}

pub(crate) async fn plain(url: &str) -> MultiplexedConnection {
    let client = Client::open(url).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await;
    connection.expect("the server answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance() {
    let Some(url) = servers::redis() else { return };
    let suite = Suite::new(Arc::new(store(&url)));
    suite
        .unit(Duration::from_millis(300))
        .sequences(500)
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_over_a_connection_that_is_brought_along() {
    let Some(url) = servers::redis() else { return };
    let client = Client::open(url).expect("a URL");
    let manager = ConnectionManager::new(client).await.expect("it answers");
    let store = Redis::from_connection(manager).prefix("brought:");
    let suite = Suite::new(Arc::new(store));
    suite
        .unit(Duration::from_millis(300))
        .sequences(30)
        .run()
        .await;
}

/// A cluster refuses a step that touches a key which it does not name, or two that lie apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_a_cluster_takes_every_step() {
    let Some(mut own) = Own::start(Kind::Redis).await else {
        return;
    };
    own.reconfigure("cluster-enabled yes").await;
    let mut plain = plain(&own.url).await;
    let _: () = redis::cmd("CLUSTER")
        .arg(&["ADDSLOTSRANGE", "0", "16383"])
        .query_async(&mut plain)
        .await
        .expect("all slots are its own");
    let (store, begun) = (store(&own.url), Instant::now());
    // Until it has found out that it is whole.
    while store.lookup(&key()).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not whole");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    resil::limits::conformance::check(&store, 30).await;
    let suite = Suite::new(Arc::new(store)).unit(Duration::from_millis(300));
    suite.sequences(30).run().await;
}

#[tokio::test]
async fn calls_of_two_processes_share_one_result() {
    let Some(url) = servers::redis() else { return };
    servers::attribute::calls_of_two_processes_share_one_result([store(&url), store(&url)]).await;
}

#[tokio::test]
async fn a_value_shares_the_records_of_the_attribute() {
    let Some(url) = servers::redis() else { return };
    let stores = [store(&url), store(&url)];
    servers::attribute::a_value_shares_the_records_of_the_attribute(stores).await;
}

#[tokio::test]
async fn keys_and_claims_of_the_attribute() {
    let Some(url) = servers::redis() else { return };
    servers::attribute::a_key_inside_itself_is_told_at_once([store(&url), store(&url)]).await;
    servers::attribute::a_body_that_blocks_its_thread_keeps_its_key(store(&url)).await;
    servers::attribute::the_key_has_to_say_the_type(store(&url)).await;
}

/// What a server that was restarted has forgotten is sent anew, and the step takes effect once.
#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let (store, mut plain) = (store(&own.url), plain(&own.url).await);
    for _ in 0..3 {
        let (key, request) = (key(), request());
        claimed(&store, &key, &request).await;
        let _: () = redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async(&mut plain)
            .await
            .expect("flushed");
        assert_eq!(
            store.renew(&key, request.token, LONG, LONG).await,
            Ok(Ack::Ok)
        );
        let done = store.complete(&key, request.token, &receipt(), LONG).await;
        assert_eq!(done, Ok(Ack::Ok));
    }
}

#[tokio::test]
async fn the_fence_rises_after_the_key_was_removed_for_good() {
    let Some(url) = servers::redis() else { return };
    let (store, mut plain) = (store(&url).fences_kept(Duration::ZERO), plain(&url).await);
    let (key, mut last) = (key(), 0);
    for _ in 0..20 {
        let request = request();
        let fence = claimed(&store, &key, &request).await;
        assert!(fence > last, "{last}, then {fence}");
        last = fence;
        assert_eq!(store.release(&key, request.token).await, Ok(Ack::Ok));
        // Its millisecond runs out.
        let name = format!("resil:{}", key.hex());
        while plain.exists(&name).await.expect("asked") {
            assert!(plain.pttl::<_, i64>(&name).await.expect("asked") < 2);
        }
    }
}

/// No record is there for ever, whatever its spans.
#[tokio::test]
async fn every_key_expires() {
    let Some(url) = servers::redis() else { return };
    let (store, mut plain) = (store(&url), plain(&url).await);
    let (key, minute) = (key(), Duration::from_secs(60));
    let name = format!("resil:{}", key.hex());
    let ttl = |range: std::ops::RangeInclusive<i64>, got: i64| {
        assert!(range.contains(&got), "{got} s is not in {range:?}");
    };
    let request = ClaimRequest::new(Token::random(), minute, minute * 2);
    claimed(&store, &key, &request).await;
    ttl(
        3600 + 110..=3600 + 120,
        plain.ttl(&name).await.expect("asked"),
    );
    let done = store
        .complete(&key, request.token, &receipt(), minute * 5)
        .await;
    assert_eq!(done, Ok(Ack::Ok));
    ttl(
        3600 + 290..=3600 + 300,
        plain.ttl(&name).await.expect("asked"),
    );
    store.forget(&key).await.expect("asked");
    ttl(3590..=3600, plain.ttl(&name).await.expect("asked"));
    let kept: Vec<String> = plain.hkeys(&name).await.expect("asked");
    assert_eq!(kept.len(), 2, "state and fence alone are kept: {kept:?}");
}

/// Who may not publish loses the hint and nothing else.
#[tokio::test]
async fn a_hint_that_is_forbidden_is_no_error() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let mut plain = plain(&own.url).await;
    let rights = ["on", ">secret-of-w", "~resil:*", "resetchannels", "+@all"];
    let _: () = redis::cmd("ACL")
        .arg("SETUSER")
        .arg("worker")
        .arg(&rights)
        .query_async(&mut plain)
        .await
        .expect("a user");
    let store = store(&format!(
        "redis://worker:secret-of-w@127.0.0.1:{}/",
        own.port()
    ));
    let (key, request) = (key(), request());
    claimed(&store, &key, &request).await;
    let done = store.complete(&key, request.token, &receipt(), LONG).await;
    assert_eq!(done, Ok(Ack::Ok));
    assert_eq!(
        store.claim(&key, &request).await,
        Ok(ClaimAnswer::Done(receipt()))
    );
    // Keys that it has no right to are somebody's mistake.
    let elsewhere = store.prefix("elsewhere:").claim(&key, &request).await;
    let refused = elsewhere.expect_err("no right");
    assert_eq!(refused.kind(), StoreErrorKind::Misconfigured, "{refused}");
}

#[tokio::test]
async fn check_tells_of_each_setting_that_loses_records() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let (store, mut plain) = (store(&own.url), plain(&own.url).await);
    assert_eq!(store.check().await, Ok(vec![]));
    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")] {
        let _: () = redis::cmd("CONFIG")
            .arg(&["SET", name, value])
            .query_async(&mut plain)
            .await
            .expect("set");
        let warnings = store.check().await.expect("asked");
        assert!(warnings.iter().any(|w| w.contains(name)), "{warnings:?}");
        assert!(
            warnings.iter().all(|w| !w.contains("127.0.0.1")),
            "{warnings:?}"
        );
    }
    servers::attribute::strict_refuses(store, "appendonly is off").await;
}

/// A claim that a replica answers may be one that the primary has not got.
#[tokio::test]
async fn a_replica_answers_no_claim() {
    let (Some(primary), Some(own)) = (servers::redis(), Own::start(Kind::Redis).await) else {
        return;
    };
    let (key, request) = (key(), request());
    let (there, here) = (store(&primary), store(&own.url));
    claimed(&there, &key, &request).await;
    let done = there.complete(&key, request.token, &receipt(), LONG).await;
    assert_eq!(done, Ok(Ack::Ok));
    let mut plain = plain(&own.url).await;
    let port = servers::port(&primary).to_string();
    for command in [
        ["CONFIG", "SET", "masterauth", servers::password(&primary)].as_slice(),
        ["REPLICAOF", "127.0.0.1", &port].as_slice(),
    ] {
        let mut line = redis::cmd(command[0]);
        let _: () = line
            .arg(&command[1..])
            .query_async(&mut plain)
            .await
            .expect("set");
    }
    let warnings = here.check().await.expect("asked");
    assert!(warnings.iter().any(|w| w.contains("slave")), "{warnings:?}");
    let refused = here.claim(&key, &request).await.expect_err("a replica");
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let Some(url) = servers::redis() else { return };
    let secret = servers::password(&url);
    let store = store(&url);
    let wrong = idempotency::redis(servers::with_password(&url, "hunter2-wrong")).expect("a URL");
    let refused = wrong.claim(&key(), &request()).await.expect_err("refused");
    let refused_check = wrong.check().await.expect_err("refused");
    for said in [
        format!("{store:?}"),
        format!("{wrong:?}"),
        format!("{refused} {refused:?} {refused_check} {refused_check:?}"),
    ] {
        assert!(!said.contains(secret), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert_eq!(refused.kind(), StoreErrorKind::Misconfigured, "{refused}");
    assert!(
        refused
            .to_string()
            .contains("the store `redis` is not set up"),
        "{refused}"
    );
}

/// A log-in that was refused is tried again: somebody may have set the password meanwhile.
#[tokio::test]
async fn a_password_that_is_set_later_is_found() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let mut plain = plain(&own.url).await;
    let store = store(&servers::with_password(&own.url, "the-new-one"));
    assert!(store.claim(&key(), &request()).await.is_err());
    let _: () = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "the-new-one"])
        .query_async(&mut plain)
        .await
        .expect("set");
    claimed(&store, &key(), &request()).await;
}

#[tokio::test]
async fn what_is_no_url_is_an_error_at_once() {
    for url in [
        "",
        "redis",
        "http://127.0.0.1/",
        "redis://:secret@127.0.0.1:port/",
    ] {
        let error = idempotency::redis(url).expect_err("no URL");
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
    let store = store(&format!("redis://127.0.0.1:{port}/"));
    let begun = Instant::now();
    let error = store
        .claim(&key(), &request())
        .await
        .expect_err("nobody there");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_store_outlives_the_runtime_that_it_was_first_used_in() {
    let Some(url) = servers::redis() else { return };
    let store = store(&url);
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            // The connection of the first runtime is gone: found out by one step at most.
            let (key, request) = (key(), request());
            if store.claim(&key, &request).await.is_err() {
                claimed(&store, &key, &request).await;
            }
        });
    }
}
