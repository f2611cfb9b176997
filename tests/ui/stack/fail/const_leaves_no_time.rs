//! The rules for waits and copies hold for constants too.
use std::time::Duration;

use resil::{bulkhead, hedge, rate_limit, retry, timeout};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(2);
const MANY: u32 = 11;

#[timeout(1s)]
#[bulkhead(max = 1, queue = 1, wait = LONG)]
async fn in_a_queue() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(SHORT)]
#[rate_limit(max = 5, per = 1s, wait = 100ms)]
async fn for_a_turn() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[hedge(after = LONG)]
async fn after_the_limit_around() -> Result<u32, resil::Error> {
    Ok(1)
}

#[hedge(after = 1s)]
#[timeout(SHORT)]
async fn after_the_limit_inside() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[hedge(after = p95(default = LONG))]
async fn by_the_default_of_a_percentile() -> Result<u32, resil::Error> {
    Ok(1)
}

#[hedge(after = 50ms)]
#[retry(max = MANY)]
async fn two_copies_in_each_of_many_attempts() -> Result<u32, resil::Error> {
    Ok(1)
}

#[retry]
#[hedge(after = 50ms, max = MANY)]
async fn many_copies_in_each_of_three_attempts() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
