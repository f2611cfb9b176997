//! `select!`, `join!`, `try_join!` around annotated functions and inside of them; what loses a race
//! is dropped where it stands.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Error, retry, timeout};
use tokio::time::sleep;

struct Dropped<'a>(&'a Cell<u32>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[timeout(9s)]
#[retry(base = 1ms)]
async fn replica(delay: u64, lost: &Cell<u32>) -> Result<u64, Error> {
    let _guard = Dropped(lost);
    sleep(Duration::from_millis(delay)).await;
    Ok(delay)
}

#[timeout(5s)]
#[retry(delays = [1ms])]
#[timeout(1s)]
async fn fastest(lost: &Cell<u32>) -> Result<u64, Error> {
    tokio::select! {
        biased;
        answer = replica(700, lost) => answer,
        Ok(answer) = replica(300, lost) => Ok(answer),
        () = sleep(Duration::from_secs(2)) => Ok(0),
        else => Ok(1),
    }
}

#[retry(base = 1ms)]
async fn both(lost: &Cell<u32>) -> Result<u64, Error> {
    let (a, b) = tokio::try_join!(replica(10, lost), replica(20, lost))?;
    Ok(a + b)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let lost = Cell::new(0);
    let (fast, sum) = tokio::join!(fastest(&lost), both(&lost));
    assert_eq!((fast, sum), (Ok(300), Ok(30)));
    assert_eq!(lost.take(), 4);
    tokio::select! {
        _ = replica(60_000, &lost) => unreachable!(),
        () = sleep(Duration::from_secs(1)) => {}
    }
    assert_eq!(lost.get(), 1, "dropped, and not begun again");
}
