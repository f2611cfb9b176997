//! Alternatives in parentheses are alternatives: the constant among them is taken by reference too.
#![allow(unused_parens)]
use std::cell::Cell;

use http::StatusCode;
use resil::retry;

#[retry(base = 1ms, on((StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) if patient))]
async fn get(runs: &Cell<u32>, patient: bool) -> Result<(), StatusCode> {
    runs.set(runs.get() + 1);
    Err(StatusCode::BAD_GATEWAY)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert!(get(&runs, true).await.is_err());
    assert_eq!(runs.take(), 3);
    assert!(get(&runs, false).await.is_err());
    assert_eq!(runs.take(), 1);
}
