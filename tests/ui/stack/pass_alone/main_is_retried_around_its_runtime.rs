//! `#[tokio::main]` below the policy: each attempt is a run of the program, all of them in one
//! runtime; `#[tokio::test]` in a program that is no test costs nothing.
#![deny(warnings, unused_qualifications)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::{retry, timeout};

static STARTS: AtomicU32 = AtomicU32::new(0);

#[tokio::test]
#[retry(max = 2)]
async fn above() -> Result<(), String> {
    Ok(())
}

#[timeout(1s)]
#[tokio::test]
async fn below() -> Result<(), resil::Error> {
    Ok(())
}

#[retry(delays = [0s])]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    tokio::task::yield_now().await;
    match STARTS.fetch_add(1, Relaxed) + 1 {
        3 => Ok(()),
        n => Err(format!("start {n} failed"))?,
    }
}
