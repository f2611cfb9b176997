//! Measures a durable claim and completion on this disk: alone, many at once, and replayed.
//!
//! `cargo run --release --bin sqlite --features sqlite`

use std::sync::Arc;
use std::time::{Duration, Instant};

use resil::idempotency::sqlite;
use resil::idempotency::store::{
    Ack, ClaimAnswer, ClaimRequest, Outcome, RecordKey, Recorded, Store, Token,
};
use tokio::task::JoinSet;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const ALONE: u64 = 500;
const TOGETHER: u64 = 20_000;

fn key(n: u64) -> RecordKey {
    let mut hash = [1; 32];
    // As a hash is: keys that follow each other lie far apart.
    hash[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    RecordKey::new(hash, "bench")
}

async fn one(store: Arc<dyn Store>, n: u64) {
    let (key, request) = (key(n), ClaimRequest::new(Token::random(), DAY, DAY));
    let claimed = store.claim(&key, &request).await;
    assert!(matches!(claimed, Ok(ClaimAnswer::Claimed { .. })));
    let result = Recorded::new(Outcome::Ok, *b"{\"number\":17}", "json", 1);
    let done = store.complete(&key, request.token, &result, DAY).await;
    assert_eq!(done, Ok(Ack::Ok));
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("resil-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let store = sqlite(folder.join("resil.db")).create_schema().open().await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));

    let started = Instant::now();
    for n in 0..ALONE {
        one(Arc::clone(&store), n).await;
    }
    println!(
        "claim and complete, one after the other: {:.0?}",
        started.elapsed() / 500
    );

    let started = Instant::now();
    let mut many = JoinSet::new();
    for n in ALONE..ALONE + TOGETHER {
        many.spawn(one(Arc::clone(&store), n));
    }
    while let Some(one) = many.join_next().await {
        one.expect("no panic");
    }
    println!(
        "claim and complete, of 20,000 at once, each: {:.0?}",
        started.elapsed() / 20_000
    );

    let started = Instant::now();
    for n in 0..ALONE {
        let request = ClaimRequest::new(Token::random(), DAY, DAY);
        let replay = store.claim(&key(n), &request).await;
        assert!(matches!(replay, Ok(ClaimAnswer::Done(_))));
    }
    println!(
        "replay, one after the other: {:.0?}",
        started.elapsed() / 500
    );
    drop(store);
    let _ = std::fs::remove_dir_all(&folder);
}
