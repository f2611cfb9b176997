//! Two calls at one time: by default the second waits and shares the result, with `reject` it is
//! told so.
#![deny(warnings, unused_qualifications)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use resil::{Error, IdempotencyError, idempotent, timeout};
use tokio::time::sleep;

static STARTS: AtomicU32 = AtomicU32::new(0);

async fn ship() -> u32 {
    sleep(Duration::from_secs(3)).await;
    STARTS.fetch_add(1, Relaxed) + 1
}

#[idempotent(key = parcel, conflict = wait)]
async fn waits(parcel: &str) -> Result<u32, Error> {
    Ok(ship().await)
}

#[idempotent(key = parcel, conflict(reject))]
async fn rejects(parcel: &str) -> Result<u32, Error> {
    Ok(ship().await)
}

#[timeout(1s)]
async fn in_a_hurry(parcel: &str) -> Result<u32, Error> {
    waits(parcel).await
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (first, second, hurried) = tokio::join!(waits("p1"), waits("p1"), in_a_hurry("p1"));
    assert_eq!((first, second), (Ok(1), Ok(1)));
    assert!(hurried.is_err());
    let (first, second) = tokio::join!(rejects("p2"), rejects("p2"));
    assert_eq!(first, Ok(2));
    let Err(Error::Idempotency(IdempotencyError::InProgress { .. })) = second else {
        panic!("{second:?}");
    };
    assert_eq!(rejects("p2").await, Ok(2));
    assert_eq!(STARTS.load(Relaxed), 2);
}
