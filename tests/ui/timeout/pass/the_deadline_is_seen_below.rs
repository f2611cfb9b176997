//! What is called inside sees what is left, and takes the sooner of two limits; a task made by
//! `resil::spawn` keeps the deadline, one of `tokio::spawn` does not.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Deadline, Error, timeout};
use tokio::time::sleep;

fn left() -> Option<Duration> {
    Deadline::current().map(Deadline::remaining)
}

#[timeout(1h)]
async fn inner() -> Result<Option<Duration>, Error> {
    Ok(left())
}

#[timeout(10s)]
async fn outer() -> Result<[Option<Duration>; 4], Error> {
    let first = left();
    sleep(Duration::from_secs(4)).await;
    let carried = resil::spawn(async { left() }).await.unwrap_or_default();
    let bare = tokio::spawn(async { left() }).await.unwrap_or_default();
    Ok([first, inner().await?, carried, bare])
}

#[tokio::test(start_paused = true)]
async fn main() {
    let secs = |n| Some(Duration::from_secs(n));
    assert_eq!(outer().await, Ok([secs(10), secs(6), secs(6), None]));
    assert_eq!(inner().await, Ok(secs(3_600)));
    assert_eq!(left(), None);
}
