//! Two clients of one gateway share its budget: while one of them drains it, the other one does
//! not add to the storm.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

#[retry(constant, base = 1ms, max = 101, budget = "gateway")]
async fn search(runs: &Cell<u32>) -> Result<(), &'static str> {
    runs.set(runs.get() + 1);
    Err("504")
}

#[retry(constant, base = 1ms, budget("gateway"))]
async fn suggest(runs: &Cell<u32>) -> Result<(), &'static str> {
    runs.set(runs.get() + 1);
    Err("504")
}

#[retry(constant, base = 1ms)]
async fn elsewhere(runs: &Cell<u32>) -> Result<(), &'static str> {
    runs.set(runs.get() + 1);
    Err("504")
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(search(&runs).await, Err("504"));
    assert_eq!(runs.take(), 101);
    assert_eq!(suggest(&runs).await, Err("504"));
    assert_eq!(runs.take(), 1, "no token is left");
    assert_eq!(elsewhere(&runs).await, Err("504"));
    assert_eq!(runs.take(), 3, "a budget of its own");
}
