#![deny(warnings)]
use std::time::Duration;

use resil::retry;

fn mine(retry: u32) -> Duration {
    Duration::from_millis(u64::from(retry))
}

#[retry(backoff = mine, cap = 1s, jitter)]
async fn function() -> Result<u32, String> {
    Ok(1)
}

#[retry(backoff = |n: u32| step * n)]
async fn closure(step: Duration) -> Result<u32, String> {
    let _ = step;
    Ok(1)
}

#[test]
fn main() {
    drop((function(), closure(Duration::from_secs(1))));
}
