//! `on` and `ignore` over statuses: constants in a variant, guards by method, `ignore` winning, a
//! timeout that `on` does not name counting as success.
#![deny(warnings, unused_qualifications)]
use http::StatusCode;
use resil::{CircuitState, breaker, circuit};

#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("status {0}")]
    Status(StatusCode),
    #[error("cancelled by {by}")]
    Cancelled { by: &'static str },
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

#[circuit(
    name = "inventory",
    failures = 3,
    on(ApiError::Status(StatusCode::TOO_MANY_REQUESTS) | ApiError::Status(s) if s.is_server_error()),
    ignore(ApiError::Status(StatusCode::NOT_IMPLEMENTED) | ApiError::Cancelled { by: "user" | "deploy" })
)]
async fn stock(answer: Result<u32, ApiError>) -> Result<u32, ApiError> {
    answer
}

async fn status(code: u16) -> u32 {
    let code = StatusCode::from_u16(code).unwrap_or_default();
    assert!(stock(Err(ApiError::Status(code))).await.is_err());
    breaker("inventory").counts().failures_in_a_row
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(status(500).await, 1);
    assert_eq!(status(501).await, 1, "neutral");
    assert!(
        stock(Err(ApiError::Cancelled { by: "deploy" }))
            .await
            .is_err()
    );
    assert_eq!(status(429).await, 2);
    assert_eq!(status(404).await, 0, "the other side answers");
    assert_eq!(status(503).await, 1);
    assert!(
        stock(Err(ApiError::Cancelled { by: "a bug" }))
            .await
            .is_err()
    );
    assert_eq!(breaker("inventory").counts().failures_in_a_row, 0);
    for _ in 0..3 {
        status(502).await;
    }
    assert_eq!(breaker("inventory").state(), CircuitState::Open);
    assert!(matches!(stock(Ok(1)).await, Err(ApiError::Resil(_))));
}
