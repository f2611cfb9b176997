//! A bucket of ten tokens pays for two retries; a success after retries gives the last cost back.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

const TOKENS: u32 = 10;

#[retry(base = 1ms, max = 9, budget(cost = 5, capacity = TOKENS))]
async fn lookup(runs: &Cell<u32>, answers_at: u32) -> Result<u32, String> {
    runs.set(runs.get() + 1);
    let run = runs.get();
    if run < answers_at {
        Err(format!("run {run}: SERVFAIL"))
    } else {
        Ok(run)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(lookup(&runs, 3).await, Ok(3));
    runs.set(0);
    // Five tokens are back: one retry.
    assert_eq!(lookup(&runs, 9).await, Err("run 2: SERVFAIL".to_owned()));
    runs.set(0);
    assert_eq!(lookup(&runs, 9).await, Err("run 1: SERVFAIL".to_owned()));
}
