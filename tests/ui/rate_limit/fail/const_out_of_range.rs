//! Each const is held to the bounds of its option, where it stands.
use std::time::Duration;

use resil::rate_limit;

const NONE: u32 = 0;
const NEVER: Duration = Duration::ZERO;

#[rate_limit(max = NONE, per = NEVER)]
async fn rate() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, burst = NONE, wait = NEVER)]
async fn others() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
