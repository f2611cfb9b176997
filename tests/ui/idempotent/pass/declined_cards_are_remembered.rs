//! Which errors are kept: those of a pattern, all, none. A kept one is replayed, a forgotten one
//! frees its key.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::idempotent;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum PayError {
    Declined {
        reason: String,
        attempts_left: u8,
    },
    Outage,
    #[serde(skip)]
    Resil(resil::Error),
}

impl From<resil::Error> for PayError {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e)
    }
}

fn answer(runs: &Cell<u8>) -> PayError {
    runs.set(runs.get() + 1);
    match runs.get() {
        1 => PayError::Outage,
        n => PayError::Declined {
            reason: "limit".to_owned(),
            attempts_left: 5_u8.saturating_sub(n),
        },
    }
}

#[idempotent(key = card, errors = store(PayError::Declined { attempts_left: 0..=2, .. }))]
async fn some(card: u32, runs: &Cell<u8>) -> Result<(), PayError> {
    Err(answer(runs))
}

#[idempotent(key(card), errors(store))]
async fn all(card: u32, runs: &Cell<u8>) -> Result<(), PayError> {
    Err(answer(runs))
}

#[idempotent(key = card, errors = forget)]
async fn none(card: u32, runs: &Cell<u8>) -> Result<(), PayError> {
    Err(answer(runs))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(some(1, &runs).await, Err(PayError::Outage));
    for _ in 0..4 {
        let _ = some(1, &runs).await;
    }
    // The outage, five less two, five less three: kept.
    assert_eq!(runs.take(), 3);
    for _ in 0..4 {
        assert_eq!(all(1, &runs).await, Err(PayError::Outage));
    }
    assert_eq!(runs.take(), 1);
    for _ in 0..4 {
        assert!(none(1, &runs).await.is_err());
    }
    assert_eq!(runs.take(), 4);
}
