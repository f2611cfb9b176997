//! `#[instrument]` on both sides of a retry, with an owned argument that the body only borrows.
//! Each of the two alone compiles, as does `user: &str`.
#![deny(warnings)]
use std::cell::Cell;

use resil::retry;
use tracing::instrument;

#[instrument(skip_all)]
#[retry(base = 1ms)]
#[instrument(skip_all)]
async fn greet(user: String, runs: &Cell<u32>) -> Result<usize, String> {
    runs.set(runs.get() + 1);
    if runs.get() < 3 {
        return Err("not yet".to_owned());
    }
    Ok(user.len())
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(greet("ada".to_owned(), &runs).await, Ok(3));
    assert_eq!(runs.get(), 3);
}
