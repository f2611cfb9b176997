//! The retry of another function waits as long as the rate limit below asks.
#![deny(warnings, unused_qualifications)]
use resil::{rate_limit, retry};
use tokio::time::Instant;

#[derive(Debug, thiserror::Error, resil::Classify)]
enum ApiError {
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

#[rate_limit(max = 1, per = 3s)]
async fn ask() -> Result<u32, ApiError> {
    Ok(7)
}

#[retry(max = 2, base = 1ms)]
async fn ask_patiently() -> Result<u32, ApiError> {
    ask().await
}

#[tokio::test(start_paused = true)]
async fn main() {
    let began = Instant::now();
    assert!(ask_patiently().await.is_ok());
    assert!(ask_patiently().await.is_ok());
    let waited = began.elapsed().as_millis();
    assert!((3_000..=3_301).contains(&waited), "{waited}");
}
