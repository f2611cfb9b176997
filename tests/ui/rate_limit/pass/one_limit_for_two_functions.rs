//! What the other side allows is counted once for all functions that ask it.
#![deny(warnings, unused_qualifications)]
use resil::{Error, rate_limit};

#[rate_limit(name = "two-functions", max = 3, per = 1s)]
async fn charge(amount: u64) -> Result<u64, Error> {
    Ok(amount)
}

#[rate_limit(name = "two-functions")]
async fn refund(amount: u64) -> Result<u64, Error> {
    Ok(amount)
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(charge(5).await, Ok(5));
    assert_eq!(refund(5).await, Ok(5));
    assert_eq!(rate_limit("two-functions").try_acquire(1), Ok(()));
    assert!(charge(5).await.is_err());
    assert!(refund(5).await.is_err());
}
