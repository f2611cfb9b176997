//! `resil` under another name: `crate = path` on one attribute of the stack, and on the derive.
#![deny(warnings, unused_qualifications)]
extern crate resil as steady;

mod client {
    use std::cell::Cell;

    use steady::{Classify, circuit, idempotent, retry, timeout};

    #[derive(Debug, thiserror::Error, Classify)]
    #[classify(crate = ::steady, default = transient)]
    pub(crate) enum Error {
        #[error("away")]
        Away,
        #[error(transparent)]
        #[classify(forward)]
        Steady(#[from] steady::Error),
    }

    #[idempotent(key = order)]
    #[circuit(name = "renamed", crate = ::steady)]
    #[timeout(9s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    pub(crate) async fn pay(order: u32, runs: &Cell<u32>) -> Result<u32, Error> {
        runs.set(runs.get() + 1);
        if runs.get() < 3 {
            Err(Error::Away)
        } else {
            Ok(order)
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let runs = std::cell::Cell::new(0);
    assert_eq!(client::pay(7, &runs).await.ok(), Some(7));
    assert_eq!(client::pay(7, &runs).await.ok(), Some(7));
    assert_eq!(runs.get(), 3);
    assert_eq!(steady::registry().snapshot().len(), 1);
}
