//! A queue whose verbs are `retry` and `timeout`, with arguments named as the crates and words are.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::{Error, circuit, idempotent, retry, timeout};

struct Job {
    id: u32,
    runs: Cell<u32>,
}

impl Job {
    #[retry(base = 1ms)]
    async fn retry(&self, max: u32, on: bool) -> Result<u32, String> {
        self.runs.set(self.runs.get() + 1);
        if on && self.runs.get() < max {
            Err("again".to_owned())
        } else {
            Ok(self.id)
        }
    }

    #[circuit(name = "stop")]
    #[timeout(1s)]
    async fn timeout(&self, limit: u32, resil: &str) -> Result<u32, Error> {
        Ok(limit + resil.len() as u32)
    }
}

#[idempotent(key = (key, name), fingerprint = fingerprint)]
async fn idempotent(key: u32, name: &str, fingerprint: u8, result: u64) -> Result<u64, Error> {
    Ok(result + u64::from(key) + name.len() as u64 + u64::from(fingerprint))
}

#[circuit(key = key)]
async fn circuit(key: u32, permit: u32, out: u32) -> Result<u32, Error> {
    Ok(key + permit + out)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let job = Job {
        id: 8,
        runs: Cell::new(0),
    };
    assert_eq!(job.retry(3, true).await, Ok(8));
    assert_eq!(job.runs.get(), 3);
    assert_eq!(job.timeout(1, "five!").await, Ok(6));
    assert_eq!(idempotent(1, "n", 1, 1).await, Ok(4));
    assert_eq!(circuit(1, 2, 3).await, Ok(6));
}
