//! Alone each stack is right. What stands beside its name makes the fault, and is where it is shown.
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(2);
const TRIES: u32 = 3;
const FIFTY: u32 = 50;

resil::stack! {
    BOUNDED = #[timeout(5s)] #[retry(max = 3, jitter = none)];
    TRIED = #[timeout(5s)] #[retry(max = TRIES, jitter = none)];
    LATE = #[retry(base = LONG)];
    RATED = #[circuit(failure_rate = 50%, window = FIFTY)];
    PACED = #[rate_limit(max = 3, per = 1s, wait = 200ms)];
    ONCE = #[idempotent(key = id, on_abandon = indeterminate)];
    HEDGED = #[hedge(after = 50ms)] #[timeout(1s)];
}

#[resil::apply(BOUNDED, retry(delays = [6s]))]
async fn longer_delays(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(BOUNDED, timeout(200ms))]
async fn a_shorter_limit(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(TRIED, retry(delays = [6s]))]
async fn longer_delays_than_a_const_allows(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(LATE, retry(cap = 1s))]
async fn a_smaller_cap(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(RATED, circuit(min_calls = 60))]
async fn more_calls(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(PACED, timeout(100ms))]
async fn a_limit_around(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(BOUNDED, timeout(SHORT), retry(constant, base = 60ms))]
async fn a_const_limit(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(ONCE, retry(max = 2))]
async fn a_retry_around(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(ONCE, hedge(after = 5ms))]
async fn copies_around(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

#[resil::apply(HEDGED, timeout(40ms))]
async fn a_limit_inside(id: u32) -> Result<u32, resil::Error> {
    Ok(id)
}

fn main() {}
