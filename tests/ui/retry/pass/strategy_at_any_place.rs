//! The strategy is a word like any other option.
#![deny(warnings)]
use std::cell::Cell;

use resil::retry;
use tokio::time::Instant;

#[retry(max = 4, jitter = none, constant)]
async fn last(runs: &Cell<u32>) -> Result<(), u16> {
    runs.set(runs.get() + 1);
    Err(500)
}

#[retry(base = 1s, linear, max = 3, jitter = none)]
async fn between(runs: &Cell<u32>) -> Result<(), u16> {
    runs.set(runs.get() + 1);
    Err(500)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (runs, start) = (Cell::new(0), Instant::now());
    assert_eq!(last(&runs).await, Err(500));
    assert_eq!((runs.take(), start.elapsed().as_millis()), (4, 300));
    let start = Instant::now();
    assert_eq!(between(&runs).await, Err(500));
    assert_eq!((runs.take(), start.elapsed().as_millis()), (3, 3_000));
}
