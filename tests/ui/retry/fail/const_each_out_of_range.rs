//! Each const is held to the bounds of its option, where it stands.
use std::time::Duration;

use resil::retry;

const NONE: u32 = 0;
const NEVER: Duration = Duration::ZERO;
const NOTHING: f64 = 0.0;

#[retry(base = NEVER, cap = NEVER, within = NEVER)]
async fn durations() -> Result<u32, String> {
    Ok(1)
}

#[retry(factor = NOTHING, jitter = NOTHING)]
async fn numbers() -> Result<u32, String> {
    Ok(1)
}

#[retry(budget(capacity = NONE, cost = NONE))]
async fn budget() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
