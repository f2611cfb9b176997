use std::time::Duration;

use resil::retry;

#[retry(retry_after = 5s)]
async fn a_literal() -> Result<u32, String> {
    Ok(1)
}

#[retry(retry_after = Duration::from_secs(5))]
async fn a_duration() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
