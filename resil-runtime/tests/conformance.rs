//! The store in memory is held to the public suite; so is one that is wrong, in several ways.
#![cfg(feature = "test-util")]

use std::sync::Arc;

use resil_runtime::idempotency::conformance::Suite;
use resil_runtime::idempotency::store::Memory;

/// 20,000 sequences, or as many as `RESIL_SEQUENCES` says.
fn sequences() -> u32 {
    std::env::var("RESIL_SEQUENCES").map_or(20_000, |n| n.parse().expect("a number"))
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_conforms() {
    Suite::new(Arc::new(Memory::default()))
        .sequences(sequences())
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_memory_conforms_in_real_time() {
    Suite::new(Arc::new(Memory::default()))
        .sequences(200)
        .run()
        .await;
}
