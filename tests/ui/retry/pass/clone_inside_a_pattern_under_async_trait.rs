//! `clone(..)` of a name inside a destructured argument: without `#[async_trait]` it works
//! (`retry/pass/clone_of_names_inside_a_pattern.rs`), below it the name is not found, and the help
//! speaks of `__arg1`, which the user never wrote.
#![deny(warnings)]
use std::cell::Cell;

use async_trait::async_trait;
use resil::retry;

#[async_trait(?Send)]
trait Queue {
    async fn push(&self, runs: &Cell<u32>, pair: (u32, Vec<u8>)) -> Result<usize, String>;
}

struct Broker;

#[async_trait(?Send)]
impl Queue for Broker {
    #[retry(base = 1ms, clone(value))]
    async fn push(
        &self,
        runs: &Cell<u32>,
        (key, mut value): (u32, Vec<u8>),
    ) -> Result<usize, String> {
        runs.set(runs.get() + 1);
        value.push(1);
        if runs.get() < 3 {
            return Err(format!("no leader for {key}"));
        }
        Ok(value.len())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(Broker.push(&runs, (1, vec![])).await, Ok(1));
    assert_eq!(runs.get(), 3);
}
