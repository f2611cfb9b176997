//! A transfer that was cut in mid-flight: nobody knows whether it took place, so it is not begun
//! again; where twice does no harm, it is.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Error, IdempotencyError, idempotent, timeout};
use tokio::time::sleep;

#[idempotent(key = (from, to), on_abandon = indeterminate)]
#[timeout(1s)]
async fn transfer(from: &str, to: &str, starts: &Cell<u32>) -> Result<u32, Error> {
    starts.set(starts.get() + 1);
    sleep(Duration::from_secs(2)).await;
    Ok(starts.get())
}

#[idempotent(key = page, on_abandon = retry)]
#[timeout(1s)]
async fn index(page: &str, starts: &Cell<u32>) -> Result<u32, Error> {
    starts.set(starts.get() + 1);
    if starts.get() == 1 {
        sleep(Duration::from_secs(2)).await;
    }
    Ok(starts.get())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let starts = Cell::new(0);
    assert!(matches!(
        transfer("a", "b", &starts).await,
        Err(Error::Timeout { .. })
    ));
    for _ in 0..3 {
        let Err(Error::Idempotency(e)) = transfer("a", "b", &starts).await else {
            panic!("its outcome is not known");
        };
        assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
    }
    assert_eq!(starts.take(), 1);
    assert!(index("/", &starts).await.is_err());
    assert_eq!(index("/", &starts).await, Ok(2));
    assert_eq!(index("/", &starts).await, Ok(2));
}
