//! One policy for all clients of a crate; what stands beside it overrides, before or after it.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Jitter, RetryPolicy, Strategy, retry};
use tokio::time::Instant;

mod policies {
    use super::{Duration, Jitter, RetryPolicy, Strategy};

    pub(crate) const GENTLE: RetryPolicy = RetryPolicy::new()
        .strategy(Strategy::Constant)
        .base(Duration::from_secs(1))
        .jitter(Jitter::None)
        .max(2);
}

#[retry(policy = policies::GENTLE)]
async fn as_it_is(calls: &Cell<u32>) -> Result<(), &'static str> {
    calls.set(calls.get() + 1);
    Err("502")
}

#[retry(linear, max = 4, policy = policies::GENTLE)]
async fn more_often(calls: &Cell<u32>) -> Result<(), &'static str> {
    calls.set(calls.get() + 1);
    Err("502")
}

#[retry(policy(const { policies::GENTLE.max(5) }), base = 10ms)]
async fn quicker(calls: &Cell<u32>) -> Result<(), &'static str> {
    calls.set(calls.get() + 1);
    Err("502")
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (calls, start) = (Cell::new(0), Instant::now());
    assert_eq!(as_it_is(&calls).await, Err("502"));
    assert_eq!((calls.take(), start.elapsed().as_millis()), (2, 1_000));
    assert_eq!(more_often(&calls).await, Err("502"));
    assert_eq!((calls.take(), start.elapsed().as_millis()), (4, 7_000));
    assert_eq!(quicker(&calls).await, Err("502"));
    assert_eq!((calls.take(), start.elapsed().as_millis()), (5, 7_040));
}
