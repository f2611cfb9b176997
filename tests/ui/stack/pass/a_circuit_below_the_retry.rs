//! Another order: the circuit sees each attempt, so it trips in the middle of a call, and the retry
//! takes its refusal as final unless `on` says otherwise. The claim below is made anew each time.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::{Error, breaker, circuit, idempotent, retry};

#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error("gap")]
    Gap,
    #[error(transparent)]
    Resil(#[from] Error),
}

#[retry(constant, base = 10s, max = 5, jitter = none)]
#[circuit(name = "feed", failures = 2, open_for = 5s, open_max = 5s)]
async fn gives_up(runs: &Cell<u32>) -> Result<(), FeedError> {
    runs.set(runs.get() + 1);
    Err(FeedError::Gap)
}

#[retry(constant, base = 1s, max = 5, jitter = none)]
#[circuit(name = "feed-2", failures = 2, open_for = 30s)]
async fn meets_it(runs: &Cell<u32>) -> Result<(), FeedError> {
    runs.set(runs.get() + 1);
    Err(FeedError::Gap)
}

#[retry(
    constant, base = 4s, max = 9, jitter = none,
    on(FeedError::Gap | FeedError::Resil(Error::CircuitOpen { .. }))
)]
#[circuit(name = "feed-3", failures = 2, open_for = 5s)]
#[idempotent(key = String::from("the feed"))]
async fn sits_it_out(runs: &Cell<u32>) -> Result<u32, FeedError> {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        Err(FeedError::Gap)
    } else {
        Ok(runs.get())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert!(matches!(gives_up(&runs).await, Err(FeedError::Gap)));
    assert_eq!(
        runs.take(),
        5,
        "open for less than the delay: each attempt is a probe"
    );
    let refused = meets_it(&runs).await;
    assert!(
        matches!(refused, Err(FeedError::Resil(Error::CircuitOpen { .. }))),
        "{refused:?}"
    );
    assert_eq!(runs.take(), 2);
    assert!(matches!(sits_it_out(&runs).await, Ok(3)));
    assert!(matches!(sits_it_out(&runs).await, Ok(3)));
    assert_eq!(runs.take(), 3);
    assert_eq!(breaker("feed-3").counts().failures_in_a_row, 0);
}
