//! How the store in Redis reaches its server again: after a failover, and after a refusal that is mended.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use resil::idempotency::store::{Ack, ClaimAnswer, Store, StoreErrorKind};

use crate::redis::{plain, store};
use crate::servers;
use crate::servers::proxy::Address;
use crate::servers::records::{LONG, claimed, key, receipt, request};
use crate::servers::{Kind, Own};

async fn run(at: &mut MultiplexedConnection, command: &[&str]) -> redis::Value {
    let mut line = redis::cmd(command[0]);
    let answer = line.arg(&command[1..]).query_async(at).await;
    answer.unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// The first server becomes a replica of the second, which takes its place, and lives on.
#[tokio::test]
async fn a_failover_that_leaves_the_old_primary_alive_is_followed() {
    let (Some(old), Some(new)) = (Own::start(Kind::Redis).await, Own::start(Kind::Redis).await)
    else {
        return;
    };
    let (mut at_old, mut at_new) = (plain(&old.url).await, plain(&new.url).await);
    let password = servers::password(&old.url);
    let (old_port, new_port) = (old.port().to_string(), new.port().to_string());
    for command in [
        ["CONFIG", "SET", "masterauth", password].as_slice(),
        &["CONFIG", "SET", "requirepass", password],
        &["REPLICAOF", "127.0.0.1", &old_port],
    ] {
        run(&mut at_new, command).await;
    }
    run(&mut at_old, &["CONFIG", "SET", "masterauth", password]).await;
    let address = Address::of(old.port()).await;
    let store = store(&servers::at_port(&old.url, address.port));
    let (key, one) = (key(), request());
    claimed(&store, &key, &one).await;
    // All that was acknowledged has arrived.
    let begun = Instant::now();
    while run(&mut at_old, &["WAIT", "1", "100"]).await != redis::Value::Int(1) {
        assert!(begun.elapsed() < Duration::from_secs(30), "no replica");
    }
    run(&mut at_new, &["REPLICAOF", "NO", "ONE"]).await;
    run(&mut at_old, &["REPLICAOF", "127.0.0.1", &new_port]).await;
    address.moves_to(new.port());
    // The connection that is open leads to what is a replica now: one step finds out.
    let refused = store.renew(&key, one.token, LONG, LONG).await;
    let refused = refused.expect_err("a replica");
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    assert_eq!(store.renew(&key, one.token, LONG, LONG).await, Ok(Ack::Ok));
    let done = store.complete(&key, one.token, &receipt(), LONG).await;
    assert_eq!(done, Ok(Ack::Ok));
    let replayed = store.claim(&key, &request()).await;
    assert_eq!(replayed, Ok(ClaimAnswer::Done(receipt())));
}

/// The database in the URL is chosen as a connection is made: who may not is told so, and may later.
#[tokio::test]
async fn a_database_that_is_refused_is_misconfigured_and_asked_for_again() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let mut plain = plain(&own.url).await;
    let rights = [
        "ACL",
        "SETUSER",
        "worker",
        "on",
        ">secret-of-w",
        "~*",
        "&*",
        "+@all",
        "-select",
    ];
    run(&mut plain, &rights).await;
    let (nobody, worker) = (
        store(&format!("redis://127.0.0.1:{}/3", own.port())),
        store(&format!(
            "redis://worker:secret-of-w@127.0.0.1:{}/3",
            own.port()
        )),
    );
    for store in [&nobody, &worker] {
        for refused in [
            store.claim(&key(), &request()).await.expect_err("no right"),
            store.check().await.expect_err("no right"),
        ] {
            assert_eq!(refused.kind(), StoreErrorKind::Misconfigured, "{refused}");
        }
    }
    run(&mut plain, &["ACL", "SETUSER", "worker", "+select"]).await;
    claimed(&worker, &key(), &request()).await;
    run(&mut plain, &["CONFIG", "SET", "requirepass", ""]).await;
    claimed(&nobody, &key(), &request()).await;
}

/// Full memory refuses new claims. Owners end theirs, and what is done is replayed.
#[tokio::test]
async fn a_full_memory_refuses_claims_and_no_other_step() {
    let Some(own) = Own::start(Kind::Redis).await else {
        return;
    };
    let (store, mut plain) = (store(&own.url), plain(&own.url).await);
    let (done, ends, gone, cut) = (key(), key(), key(), key());
    let one = request();
    for key in [&done, &ends, &gone, &cut] {
        claimed(&store, key, &one).await;
    }
    let ok = Ok(Ack::Ok);
    assert_eq!(store.complete(&done, one.token, &receipt(), LONG).await, ok);
    run(&mut plain, &["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = store.claim(&key(), &request()).await.expect_err("full");
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    let replayed = store.claim(&done, &request()).await;
    assert_eq!(replayed, Ok(ClaimAnswer::Done(receipt())));
    assert!(matches!(
        store.claim(&ends, &request()).await,
        Ok(ClaimAnswer::Busy { .. })
    ));
    assert!(store.lookup(&ends).await.expect("asked").is_some());
    assert_eq!(store.renew(&ends, one.token, LONG, LONG).await, ok);
    assert_eq!(store.complete(&ends, one.token, &receipt(), LONG).await, ok);
    assert_eq!(store.release(&gone, one.token).await, ok);
    assert_eq!(store.abandon(&cut, one.token).await, ok);
    store.forget(&done).await.expect("asked");
    // Nothing of the refused claim is there.
    run(&mut plain, &["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(store.lookup(&done).await, Ok(None));
    claimed(&store, &done, &request()).await;
}
