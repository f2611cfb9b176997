use std::time::Duration;

use resil::retry;

fn mine(retry: u32) -> Duration {
    Duration::from_millis(u64::from(retry))
}

#[retry(linear, backoff = mine, base = 1s, factor = 2, jitter = decorrelated)]
async fn fetch() -> Result<u32, String> {
    Ok(mine(1).subsec_millis())
}

fn main() {}
