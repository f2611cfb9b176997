//! `#[tokio::main]` written first has taken `async` away before `#[instrument]` has its turn.
#![deny(warnings)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::retry;
use tracing::instrument;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn third() -> Result<u32, String> {
    match RUNS.fetch_add(1, Relaxed) + 1 {
        n if n % 3 == 0 => Ok(n),
        n => Err(format!("run {n}")),
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
#[instrument]
#[retry(base = 1ms)]
async fn above() -> Result<u32, String> {
    third()
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
#[retry(base = 1ms)]
#[instrument(err)]
async fn below() -> Result<u32, String> {
    third()
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
#[instrument(ret)]
#[retry(base = 1ms)]
#[instrument(ret, err)]
async fn both() -> Result<u32, String> {
    third()
}

#[test]
fn main() {
    assert_eq!(above(), Ok(3));
    assert_eq!(below(), Ok(6));
    assert_eq!(both(), Ok(9));
}
