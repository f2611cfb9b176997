//! Half of the last eight calls, and not before there are four; a permanent error is an answer.
#![deny(warnings, unused_qualifications)]
use resil::{CircuitState, Classify, breaker, circuit};

#[derive(Debug, thiserror::Error, Classify)]
enum QuoteError {
    #[error("feed away")]
    #[transient]
    Away,
    #[error("no such symbol")]
    #[permanent]
    Unknown,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

const CALLS: u32 = 8;

#[circuit(name = "quotes", failure_rate = 50%, window = CALLS, min_calls = CALLS / 2)]
async fn quote(symbol: &str) -> Result<f64, QuoteError> {
    match symbol {
        "" => Err(QuoteError::Away),
        "?" => Err(QuoteError::Unknown),
        _ => Ok(1.5),
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let breaker = breaker("quotes");
    for symbol in ["", "ACME", "?", "?", ""] {
        let _ = quote(symbol).await;
    }
    let counts = breaker.counts();
    assert_eq!(
        (counts.calls, counts.failures, breaker.state()),
        (5, 2, CircuitState::Closed)
    );
    assert!(matches!(quote("").await, Err(QuoteError::Away)));
    assert_eq!(breaker.state(), CircuitState::Open);
    let refused = quote("ACME").await.unwrap_err();
    assert_eq!(refused.classify(), resil::Class::Neutral);
}
