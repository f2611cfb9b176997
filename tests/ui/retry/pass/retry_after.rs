#![deny(warnings)]
use std::time::Duration;

use resil::retry;

struct Busy(u64);

impl Busy {
    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.0))
    }
}

#[retry(retry_after = Busy::retry_after)]
async fn method() -> Result<u32, Busy> {
    Err(Busy(1))
}

#[retry(retry_after = |e| e.retry_after())]
async fn closure() -> Result<u32, Busy> {
    Err(Busy(1))
}

#[retry(retry_after = |_| Some(wait))]
async fn argument(wait: Duration) -> Result<u32, Busy> {
    let _ = wait;
    Err(Busy(1))
}

#[test]
fn main() {
    drop((method(), closure(), argument(Duration::from_secs(1))));
}
