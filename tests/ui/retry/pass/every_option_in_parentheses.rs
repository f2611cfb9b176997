//! `name(value)` in place of `name = value`, for every option that takes a value.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{RetryPolicy, retry};
use tokio::time::Instant;

const OURS: RetryPolicy = RetryPolicy::new().max(9);

fn asked(error: &u16) -> Option<Duration> {
    (*error == 429).then_some(Duration::from_secs(5))
}

#[retry(
    exponential,
    policy(OURS),
    max(4),
    base(1s),
    factor(2.0),
    cap(10s),
    jitter(none),
    within(1m),
    retry_after(asked),
    on(429 | 503),
    unless(404),
    on_ok(""),
    clone(log),
    budget(capacity(50), cost(1)),
    nested(outer)
)]
async fn fetch(runs: &Cell<u32>, mut log: Vec<u32>) -> Result<&'static str, u16> {
    runs.set(runs.get() + 1);
    log.push(runs.get());
    assert_eq!(log.len(), 1);
    match runs.get() {
        1 => Err(503),
        2 => Ok(""),
        3 => Err(429),
        _ => Ok("page"),
    }
}

#[retry(delays(1s, 2s), budget("in-parentheses"))]
async fn listed(runs: &Cell<u32>) -> Result<(), u16> {
    runs.set(runs.get() + 1);
    Err(500)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (runs, start) = (Cell::new(0), Instant::now());
    assert_eq!(fetch(&runs, vec![]).await, Ok("page"));
    assert_eq!(runs.take(), 4);
    // 1 s and 2 s of the policy, and 5 s to 5.5 s as asked, in place of 4 s.
    assert!((8_000..=8_501).contains(&start.elapsed().as_millis()));
    assert_eq!(listed(&runs).await, Err(500));
    assert_eq!(runs.take(), 3);
}
