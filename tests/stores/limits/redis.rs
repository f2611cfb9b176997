//! Rate limits in Redis: the contract, and what is Redis' own.

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, MultiplexedConnection};
use resil::RateLimitPolicy;
use resil::limits::store::{LimitKey, StoreErrorKind, TakeAnswer, TakeRequest};
use resil::limits::{self, LimitStore, Redis, conformance};

use crate::servers::{self, Kind, Own};

async fn plain(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await;
    connection.expect("the server answers")
}

fn request(per: Duration) -> TakeRequest {
    let settings = RateLimitPolicy::new().max(1).per(per).burst(2).settings();
    TakeRequest::new(&settings.expect("a limit"), 1, Some(per * 2)).expect("possible")
}

fn store(url: &str) -> Redis {
    limits::redis(url).expect("a URL")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let Some(url) = servers::redis() else { return };
    conformance::check(&store(&url), 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_over_a_connection_that_is_brought_along() {
    let Some(url) = servers::redis() else { return };
    let client = redis::Client::open(url).expect("a URL");
    let manager = ConnectionManager::new(client).await.expect("it answers");
    conformance::check(&Redis::from_connection(manager).prefix("brought:"), 30).await;
}

/// Nothing stays for ever: a key goes a second after nothing is owed any more.
#[tokio::test]
async fn every_key_expires() {
    let Some(url) = servers::redis() else { return };
    let (store, mut plain) = (store(&url), plain(&url).await);
    let key = LimitKey::new(rand::random());
    let name = format!("resil:rate:{}", key.hex());
    let minute = request(Duration::from_secs(60));
    for (n, ttl) in [(1, 60), (2, 120), (3, 180)] {
        let answer = store.take(&key, &minute).await.expect("it answers");
        let left: i64 = plain.ttl(&name).await.expect("asked");
        assert!((ttl - 5..=ttl + 1).contains(&left), "{n}: {left} s");
        if let TakeAnswer::Turn { state, .. } = answer {
            assert_eq!(n, 3, "a burst of two");
            let given = store.give_back(&key, state, minute.price()).await;
            assert_eq!(given, Ok(true));
            let left: i64 = plain.ttl(&name).await.expect("asked");
            assert!(left > 0, "it still expires: {left}");
        }
    }
    let short = request(Duration::from_millis(1));
    let key = LimitKey::new(rand::random());
    let name = format!("resil:rate:{}", key.hex());
    store.take(&key, &short).await.expect("it answers");
    let left: i64 = plain.pttl(&name).await.expect("asked");
    assert!((1..=1_001).contains(&left), "{left} ms");
}

#[tokio::test]
async fn a_key_of_somebody_else_is_no_limit() {
    let Some(url) = servers::redis() else { return };
    let (store, mut plain) = (store(&url), plain(&url).await);
    let second = request(Duration::from_secs(1));
    for is_text in [true, false] {
        let key = LimitKey::new(rand::random());
        let name = format!("resil:rate:{}", key.hex());
        let set: redis::RedisResult<()> = if is_text {
            plain.set_ex(&name, "a value", 60).await
        } else {
            plain.hset(&name, "a", "b").await
        };
        set.expect("set");
        let refused = store.take(&key, &second).await.expect_err("no limit");
        assert_eq!(refused.kind(), StoreErrorKind::Corrupt, "{refused}");
        let _: () = plain.del(&name).await.expect("removed");
    }
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let (store, mut plain) = (store(&own.url), plain(&own.url).await);
    let minute = request(Duration::from_secs(60));
    let key = LimitKey::new(rand::random());
    for n in 1..=3 {
        let _: () = redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async(&mut plain)
            .await
            .expect("flushed");
        let answer = store.take(&key, &minute).await.expect("it answers");
        assert_eq!(answer.state().paid_in().as_secs().div_ceil(60), n);
    }
}
