//! Every option, in every form that it may have.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{Error, RateLimitPolicy, rate_limit};

const MAX: u32 = 100;
const PER: Duration = Duration::from_secs(1);
const POLICY: RateLimitPolicy = RateLimitPolicy::new().max(5).per(PER).burst(1);

#[rate_limit(max = 100, per = 1s)]
async fn literals() -> Result<u32, Error> {
    Ok(1)
}

#[rate_limit(max = MAX, per = PER, burst = MAX / 5, wait = const { PER }, max_keys = 10, key = tenant)]
async fn constants(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[rate_limit(max(100), per(1m30s), burst(20), wait(1.5s), cost(rows.len() as u32), name("options"))]
async fn in_parentheses(rows: &[u8]) -> Result<usize, Error> {
    Ok(rows.len())
}

#[rate_limit(policy = POLICY)]
async fn by_policy() -> Result<u32, Error> {
    Ok(1)
}

#[rate_limit(policy = POLICY, wait = 1s, cost = 1)]
async fn departing() -> Result<u32, Error> {
    Ok(1)
}

#[rate_limit(name = "options")]
async fn the_name_alone() -> Result<u32, Error> {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(literals().await, Ok(1));
    assert_eq!(constants("a").await, Ok(1));
    assert_eq!(in_parentheses(&[1, 2]).await, Ok(2));
    assert_eq!(by_policy().await, Ok(1));
    assert!(by_policy().await.is_err());
    assert_eq!(departing().await, Ok(1));
    assert_eq!(departing().await, Ok(1));
    assert_eq!(the_name_alone().await, Ok(1));
}
