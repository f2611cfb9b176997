//! Two replicas, one of which does not answer: each copy asks another one.
#![deny(warnings)]
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use resil::{hedge, timeout};

#[derive(Debug)]
enum ReadError {
    Resil(resil::Error),
}

impl From<resil::Error> for ReadError {
    fn from(error: resil::Error) -> Self {
        Self::Resil(error)
    }
}

struct Replicas {
    next: AtomicUsize,
    hosts: Vec<&'static str>,
}

impl Replicas {
    #[timeout(5s)]
    #[hedge(after = 20ms)]
    #[timeout(1s)]
    async fn read(&self, key: &str) -> Result<String, ReadError> {
        let host = self.hosts[self.next.fetch_add(1, SeqCst) % self.hosts.len()];
        if host == "slow" {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Ok(format!("{key} of {host}"))
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let replicas = Replicas {
        next: AtomicUsize::new(0),
        hosts: vec!["slow", "quick"],
    };
    assert_eq!(replicas.read("a").await.unwrap(), "a of quick");
}
