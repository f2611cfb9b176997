//! A strategy that keeps state over one call, looks at the delay before, and gives up by itself;
//! made from an argument.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Backoff, retry};
use tokio::time::Instant;

/// Doubles what was waited, until the allowance is used up.
#[derive(Clone)]
struct Allowance {
    left: Duration,
}

impl Backoff for Allowance {
    fn delay(&mut self, retry: u32, previous: Option<Duration>) -> Option<Duration> {
        let next = previous.map_or(Duration::from_millis(100), |d| d * 2);
        assert!(retry > 0);
        self.left = self.left.checked_sub(next)?;
        Some(next)
    }
}

#[retry(max = 50, backoff = allowance.clone())]
async fn replicate(runs: &Cell<u32>, allowance: Allowance) -> Result<(), &'static str> {
    runs.set(runs.get() + 1);
    Err("follower away")
}

#[retry(max = 4, backoff({
    let mut next = Duration::from_secs(4);
    move |_: u32| {
        next /= 2;
        next
    }
}))]
async fn ever_sooner() -> Result<(), &'static str> {
    Err("not elected")
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (runs, start) = (Cell::new(0), Instant::now());
    for _ in 0..2 {
        let allowance = Allowance {
            left: Duration::from_secs(1),
        };
        assert_eq!(replicate(&runs, allowance).await, Err("follower away"));
        // 100 + 200 + 400, and 800 is too much.
        assert_eq!(runs.take(), 4);
    }
    assert_eq!(start.elapsed(), Duration::from_millis(1_400));
    assert_eq!(ever_sooner().await, Err("not elected"));
    assert_eq!(start.elapsed(), Duration::from_millis(1_400 + 3_500));
}
