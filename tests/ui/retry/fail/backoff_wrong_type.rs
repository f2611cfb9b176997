use std::time::Duration;

use resil::retry;

#[retry(backoff = Duration::from_secs(1))]
async fn a_duration() -> Result<u32, String> {
    Ok(1)
}

#[retry(backoff = |n: u32| n)]
async fn a_number() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
