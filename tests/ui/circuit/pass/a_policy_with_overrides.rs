//! The house's breaker settings, and a client that is more easily alarmed.
#![deny(warnings, unused_qualifications)]
use std::time::Duration;

use resil::{CircuitPolicy, CircuitState, Error, Window, breaker, circuit};

const HOUSE: CircuitPolicy = CircuitPolicy::new()
    .failures(4)
    .window(Window::Calls(10))
    .open_for(Duration::from_secs(10));

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error("index away")]
    Away,
    #[error(transparent)]
    Resil(#[from] Error),
}

#[circuit(name = "house", policy = HOUSE)]
async fn house() -> Result<(), SearchError> {
    Err(SearchError::Away)
}

#[circuit(name = "alarmed", failures = 2, policy(HOUSE), open_for = 1s)]
async fn alarmed() -> Result<(), SearchError> {
    Err(SearchError::Away)
}

#[tokio::test(start_paused = true)]
async fn main() {
    for _ in 0..2 {
        assert!(matches!(house().await, Err(SearchError::Away)));
        assert!(matches!(alarmed().await, Err(SearchError::Away)));
    }
    assert_eq!(breaker("house").state(), CircuitState::Closed);
    let Err(SearchError::Resil(Error::CircuitOpen { name, retry_in, .. })) = alarmed().await else {
        panic!("two in a row are enough");
    };
    assert_eq!(name, "alarmed");
    assert!(retry_in.is_some_and(|d| d <= Duration::from_millis(1_200)));
    assert!(resil::registry().conflicts().is_empty());
}
