//! A search that answers, and answers late: half of the calls above two seconds are too many.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{CircuitState, Error, breaker, circuit};
use tokio::time::sleep;

const LATE: Duration = Duration::from_secs(2);
const SHARE: f64 = 0.5;

#[circuit(name = "search", slow = LATE, slow_rate = SHARE, window = 4)]
async fn search(takes: Duration) -> Result<Vec<String>, Error> {
    sleep(takes).await;
    Ok(vec![])
}

#[circuit(name = "suggest", slow(1.5s), slow_rate(100%), window(1m), min_calls(2))]
async fn suggest(takes: Duration) -> Result<Vec<String>, Error> {
    sleep(takes).await;
    Ok(vec![])
}

#[tokio::test(start_paused = true)]
async fn main() {
    for takes in [100, 2_000, 100] {
        assert!(search(Duration::from_millis(takes)).await.is_ok());
    }
    assert_eq!(breaker("search").counts().slow, 1);
    assert!(search(Duration::from_secs(3)).await.is_ok());
    assert_eq!(breaker("search").state(), CircuitState::Open);
    assert!(matches!(search(LATE).await, Err(Error::CircuitOpen { .. })));
    for _ in 0..2 {
        assert!(suggest(LATE).await.is_ok());
    }
    assert!(suggest(LATE).await.is_err());
}
