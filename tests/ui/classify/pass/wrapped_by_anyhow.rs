//! The derive makes its type known to whatever wraps it, and breaks no promise of its crate's: there
//! is no `unsafe` to be seen, and nothing to be called.
#![forbid(unsafe_code)]
#![deny(warnings, unused_qualifications, missing_docs, unreachable_pub)]
use std::cell::Cell;

use anyhow::Context;
use resil::retry;

#[derive(Debug, thiserror::Error, resil::Classify)]
enum PayError {
    #[error("declined")]
    #[permanent]
    Declined,
    #[error("unreachable")]
    #[transient]
    Unreachable,
}

async fn post(declined: bool) -> Result<(), PayError> {
    Err(if declined {
        PayError::Declined
    } else {
        PayError::Unreachable
    })
}

#[retry(base = 1ms)]
async fn charge(runs: &Cell<u32>, declined: bool) -> anyhow::Result<()> {
    runs.set(runs.get() + 1);
    post(declined).await.context("while paying").context("order 7")
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    for (declined, tries) in [(true, 1), (false, 3)] {
        assert!(charge(&runs, declined).await.is_err());
        assert_eq!(runs.take(), tries, "{declined}");
    }
}
