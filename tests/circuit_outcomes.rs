//! LANGUAGE.md, section 5: what an outcome says of the other side, where it is not plain. On paused
//! time.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod support;

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{CircuitState, Error, breaker, circuit, idempotent, retry};
use serde::{Deserialize, Serialize};
use support::ms;
use tokio::time::advance;

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

/// Past an opening of one second, jitter included.
async fn pass() {
    advance(ms(1_200)).await;
}

// Replays.

#[derive(Debug, Serialize, Deserialize)]
struct Sad(String);

impl From<Error> for Sad {
    fn from(e: Error) -> Self {
        Self(e.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn d7_a_failure_that_the_next_attempt_replays_is_one_all_the_same() {
    #[circuit(name = "replays.own", failures = 2, open_for = 1s)]
    #[retry(constant, base = 1ms)]
    #[idempotent(key = k, errors = store)]
    async fn own(k: u32, runs: &AtomicU32) -> Result<(), Sad> {
        runs.fetch_add(1, SeqCst);
        Err(Sad("down".into()))
    }
    let runs = AtomicU32::new(0);
    assert!(own(1, &runs).await.is_err());
    // No body ran for this one.
    assert!(own(1, &runs).await.is_err());
    assert_eq!(runs.load(SeqCst), 1);
    assert_eq!(breaker("replays.own").counts().failures_in_a_row, 1);
    assert!(own(2, &runs).await.is_err());
    assert_eq!(state("replays.own"), CircuitState::Open);
    // A probe that is only replayed is none.
    pass().await;
    assert!(own(1, &runs).await.is_err());
    assert_eq!(state("replays.own"), CircuitState::HalfOpen);
    assert_eq!(runs.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn each_attempts_own_permit_knows_whether_its_body_ran() {
    #[retry(constant, base = 1ms)]
    #[circuit(name = "replays.each", failures = 2)]
    #[idempotent(key = k, errors = store)]
    async fn each(k: u32) -> Result<(), Sad> {
        Err(Sad("down".into()))
    }
    assert!(each(1).await.is_err());
    assert_eq!(breaker("replays.each").counts().failures_in_a_row, 1);
    assert_eq!(state("replays.each"), CircuitState::Closed);
}
