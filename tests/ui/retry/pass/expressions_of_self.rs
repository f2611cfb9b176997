//! `backoff`, `retry_after` and the guards of patterns may use `self` and the arguments, in a plain
//! method and under `#[async_trait]`.
#![deny(warnings, unused_qualifications)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use resil::retry;
use tokio::time::Instant;

struct Client {
    runs: AtomicU32,
    step: Duration,
    busy: u16,
}

impl Client {
    fn asked(&self, error: u16, factor: u32) -> Option<Duration> {
        (error == self.busy).then_some(self.step * factor)
    }

    fn run(&self, error: u16) -> Result<u32, u16> {
        match self.runs.fetch_add(1, Relaxed) + 1 {
            3 => Ok(3),
            _ => Err(error),
        }
    }

    #[retry(backoff = |n| self.step * n * factor)]
    async fn waits(&self, factor: u32) -> Result<u32, u16> {
        self.run(500)
    }

    #[retry(retry_after = |e: &u16| self.asked(*e, factor), on(e if *e == self.busy))]
    async fn asks(&mut self, error: u16, factor: u32) -> Result<u32, u16> {
        self.run(error)
    }
}

#[async_trait]
trait Fetch {
    async fn waits_too(&self, factor: u32) -> Result<u32, u16>;
    async fn asks_too(&mut self, error: u16, factor: u32) -> Result<u32, u16>;
}

#[async_trait]
impl Fetch for Client {
    #[retry(backoff = |n| self.step * n * factor)]
    async fn waits_too(&self, factor: u32) -> Result<u32, u16> {
        self.run(500)
    }

    #[retry(retry_after = |e: &u16| self.asked(*e, factor), on(e if *e == self.busy))]
    async fn asks_too(&mut self, error: u16, factor: u32) -> Result<u32, u16> {
        self.run(error)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let client = || Client {
        runs: AtomicU32::new(0),
        step: Duration::from_secs(1),
        busy: 429,
    };
    let start = Instant::now();
    // 2 s and 4 s.
    assert_eq!(client().waits(2).await, Ok(3));
    assert_eq!(start.elapsed().as_millis(), 6_000);
    assert_eq!(client().waits_too(2).await, Ok(3));
    assert_eq!(start.elapsed().as_millis(), 12_000);
    // Twice 3 s, and up to a tenth more.
    assert_eq!(client().asks(429, 3).await, Ok(3));
    assert!((18_000..=18_602).contains(&start.elapsed().as_millis()));
    let start = Instant::now();
    assert_eq!(client().asks_too(429, 3).await, Ok(3));
    assert!((6_000..=6_602).contains(&start.elapsed().as_millis()));
    assert_eq!(client().asks(500, 3).await, Err(500));
    assert_eq!(client().asks_too(500, 3).await, Err(500));
}
