//! Retry-After, found by a method, a function of another module, and a closure over a match: it
//! is waited for, and one that is longer than the cap ends the matter.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::retry;
use tokio::time::Instant;

#[derive(Debug, PartialEq)]
enum ApiError {
    Throttled { seconds: u64 },
    Unavailable,
}

impl ApiError {
    fn hint(&self) -> Option<Duration> {
        headers::retry_after(self)
    }
}

mod headers {
    pub(crate) fn retry_after(error: &super::ApiError) -> Option<super::Duration> {
        match *error {
            super::ApiError::Throttled { seconds } => Some(super::Duration::from_secs(seconds)),
            super::ApiError::Unavailable => None,
        }
    }
}

#[retry(max = 2, base = 1ms, retry_after = ApiError::hint)]
async fn by_method() -> Result<(), ApiError> {
    Err(ApiError::Throttled { seconds: 7 })
}

#[retry(max = 2, base = 1ms, retry_after(headers::retry_after))]
async fn by_path() -> Result<(), ApiError> {
    Err(ApiError::Throttled { seconds: 21 })
}

#[retry(constant, max = 2, base = 2s, jitter = none, retry_after = |e: &ApiError| match e {
    ApiError::Throttled { .. } if patient => Some(Duration::from_secs(1)),
    other => other.hint(),
})]
async fn by_closure(patient: bool, error: fn() -> ApiError) -> Result<bool, ApiError> {
    Err(error()).or_else(|e| if patient { Err(e) } else { Ok(patient) })
}

#[tokio::test(start_paused = true)]
async fn main() {
    let start = Instant::now();
    assert_eq!(by_method().await, Err(ApiError::Throttled { seconds: 7 }));
    assert!((7_000..=7_701).contains(&start.elapsed().as_millis()));
    let start = Instant::now();
    assert_eq!(by_path().await, Err(ApiError::Throttled { seconds: 21 }));
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "longer than the cap of 20 s"
    );
    assert_eq!(
        by_closure(true, || ApiError::Unavailable).await,
        Err(ApiError::Unavailable)
    );
    assert_eq!(
        start.elapsed(),
        Duration::from_secs(2),
        "the policy's own delay"
    );
}
