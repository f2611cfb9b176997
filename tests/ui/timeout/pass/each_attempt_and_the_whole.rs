//! One limit for each attempt, one for all of them: the second hung call is cut by the first, the
//! third one by the second, and what comes back is what cut it.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Error, retry, timeout};
use tokio::time::{Instant, sleep};

#[timeout(5s)]
#[retry(constant, base = 500ms, jitter = none, max = 9)]
#[timeout(2s)]
async fn query(runs: &Cell<u32>, hangs: u32) -> Result<u32, Error> {
    runs.set(runs.get() + 1);
    if runs.get() <= hangs {
        sleep(Duration::from_secs(60)).await;
    }
    Ok(runs.get())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (runs, start) = (Cell::new(0), Instant::now());
    assert_eq!(query(&runs, 1).await, Ok(2));
    assert_eq!(start.elapsed(), Duration::from_millis(2_500));
    let (runs, start) = (Cell::new(0), Instant::now());
    let Err(Error::Timeout { limit, .. }) = query(&runs, 9).await else {
        panic!("it never answers");
    };
    // 2 s, 0.5 s, 2 s, and half a second more is just the whole: no further attempt.
    assert_eq!((runs.get(), limit), (2, Duration::from_secs(2)));
    assert_eq!(start.elapsed(), Duration::from_millis(4_500));
}
