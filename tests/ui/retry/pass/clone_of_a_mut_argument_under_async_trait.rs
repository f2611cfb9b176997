//! `clone(item)` of a `mut` argument below `#[async_trait]`, as the refusal of
//! `retry/fail/mut_argument_in_async_trait.rs` tells the user to write.
#![deny(warnings)]
use std::cell::Cell;

use async_trait::async_trait;
use resil::retry;

#[async_trait(?Send)]
trait Queue {
    async fn push(&self, runs: &Cell<u32>, item: Vec<u8>) -> Result<Vec<u8>, String>;
}

struct Broker;

#[async_trait(?Send)]
impl Queue for Broker {
    #[retry(base = 1ms, clone(item))]
    async fn push(&self, runs: &Cell<u32>, mut item: Vec<u8>) -> Result<Vec<u8>, String> {
        runs.set(runs.get() + 1);
        item.push(1);
        if runs.get() < 3 {
            Err("no leader".to_owned())
        } else {
            Ok(item)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    assert_eq!(Broker.push(&runs, vec![]).await, Ok(vec![1]));
    assert_eq!(runs.get(), 3);
}
