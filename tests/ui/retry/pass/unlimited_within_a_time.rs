//! As often as it takes, for a minute and a half; then the last error as it is.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::retry;
use tokio::time::Instant;

#[retry(constant, max = unlimited, base = 10s, jitter = none, within = 1m30s)]
async fn announce(beats: &Cell<u32>) -> Result<(), String> {
    beats.set(beats.get() + 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    Err(format!("registry away, beat {}", beats.get()))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (beats, start) = (Cell::new(0), Instant::now());
    // Attempts begin at 0, 11, .. 88 s; after the ninth, the next would begin at 99 s.
    let last = announce(&beats).await;
    assert_eq!(last, Err("registry away, beat 9".to_owned()));
    assert_eq!(
        start.elapsed(),
        Duration::from_secs(89),
        "no sleep just to fail"
    );
}
