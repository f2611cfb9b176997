//! The rules between layers hold for constants too: the compiler judges them, at the constant.
use std::time::Duration;

use resil::{retry, timeout};

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(9);

#[timeout(SHORT)]
#[timeout(2s)]
async fn the_outer_limit() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5s)]
#[retry]
#[timeout(LONG)]
async fn the_inner_limit() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5s)]
#[retry(base = LONG, jitter = none)]
async fn an_attempt_that_never_starts() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
