//! The guard of a pattern is asked after the body has ended: it may name an owned argument that the body
//! only borrows.
#![deny(warnings)]
use std::cell::Cell;

use async_trait::async_trait;
use resil::{CircuitState, breaker, circuit, fallback, idempotent, retry, timeout};
use serde::{Deserialize, Serialize};
use tracing::instrument;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum Fault {
    #[error("{host} is down")]
    Down { host: String },
    #[error("refused")]
    Refused,
}

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self::Refused
    }
}

fn down(host: &str) -> Result<u32, Fault> {
    let host = host.to_owned();
    Err(Fault::Down { host })
}

#[circuit(name = "guard-on", failures = 1, on(Fault::Down { host: it } if *it == host))]
async fn on(host: String, fails: &str) -> Result<u32, Fault> {
    if host.is_empty() { Ok(0) } else { down(fails) }
}

#[circuit(name = "guard-ignore", failures = 1, ignore(Fault::Down { host: it } if *it != host))]
async fn ignore(host: String, fails: &str) -> Result<u32, Fault> {
    if host.is_empty() { Ok(0) } else { down(fails) }
}

#[circuit(name = "guard-on-ok", failures = 1, on_ok(n if *n > limits[0]))]
async fn on_ok(limits: Vec<u32>, n: u32) -> Result<u32, Fault> {
    Ok(n.max(limits[1]))
}

#[idempotent(key = host, errors = store(Fault::Down { host: it } if *it == host))]
async fn stored(host: String, runs: &Cell<u32>) -> Result<u32, Fault> {
    runs.set(runs.get() + 1);
    down(&host)
}

#[idempotent(key = id, forget_ok(n if pending.contains(n)))]
async fn forgotten(id: u32, pending: Vec<u32>, runs: &Cell<u32>) -> Result<u32, Fault> {
    runs.set(runs.get() + 1);
    Ok(pending[0].max(id))
}

#[retry(max = 1, on(Fault::Down { host: it } if *it == host))]
async fn once(host: String) -> Result<u32, Fault> {
    down(&host)
}

#[retry(max = 1, retry_after = |_: &Fault| Some(std::time::Duration::from_millis(host.len() as u64)))]
async fn once_asking(host: String) -> Result<u32, Fault> {
    down(&host)
}

#[circuit(name = "guard-plain", failures = 1, on(Fault::Down { host: it } if *it == host))]
fn plain(host: String) -> Result<u32, Fault> {
    down(&host)
}

// Without a guard that names it, the body may move it on.
#[circuit(on(Fault::Down { host: _ } if fails))]
async fn moved(host: String, fails: bool) -> Result<String, Fault> {
    Ok(host)
}

#[async_trait]
trait Api {
    async fn changes(&mut self, host: String) -> Result<u32, Fault>;
    async fn reads(&self, host: String) -> Result<u32, Fault>;
    async fn ends(self, host: String) -> Result<String, Fault>;
    async fn falls_back(&mut self, host: String) -> Result<u32, Fault>;
}

struct Client {
    host: String,
    calls: u32,
}

#[async_trait]
impl Api for Client {
    #[circuit(name = "guard-changes", failures = 1, on(Fault::Down { host: it } if *it == host && *it == self.host))]
    #[instrument(skip_all)]
    #[timeout(5s)]
    async fn changes(&mut self, host: String) -> Result<u32, Fault> {
        self.calls += 1;
        down(&host)
    }

    #[circuit(name = "guard-reads", failures = 1, on(Fault::Down { host: it } if *it == host && *it == self.host))]
    #[instrument(skip_all)]
    #[timeout(5s)]
    async fn reads(&self, host: String) -> Result<u32, Fault> {
        down(&host)
    }

    #[circuit(name = "guard-ends", failures = 1, on_ok(it if *it == host))]
    #[instrument(skip_all)]
    #[timeout(5s)]
    async fn ends(self, host: String) -> Result<String, Fault> {
        assert_eq!(host, "a");
        Ok(self.host)
    }

    #[fallback(|_| Ok(host.len() as u32))]
    #[instrument(skip_all)]
    #[timeout(5s)]
    async fn falls_back(&mut self, host: String) -> Result<u32, Fault> {
        self.calls += 1;
        down(&host)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let state = |name| breaker(name).state();
    assert!(on("a".to_owned(), "b").await.is_err());
    assert_eq!(state("guard-on"), CircuitState::Closed);
    assert!(on("a".to_owned(), "a").await.is_err());
    assert_eq!(state("guard-on"), CircuitState::Open);

    assert!(ignore("a".to_owned(), "b").await.is_err());
    assert_eq!(state("guard-ignore"), CircuitState::Closed);
    assert!(ignore("a".to_owned(), "a").await.is_err());
    assert_eq!(state("guard-ignore"), CircuitState::Open);

    assert_eq!(on_ok(vec![5, 1], 5).await, Ok(5));
    assert_eq!(state("guard-on-ok"), CircuitState::Closed);
    assert_eq!(on_ok(vec![5, 1], 6).await, Ok(6));
    assert_eq!(state("guard-on-ok"), CircuitState::Open);

    let runs = Cell::new(0);
    let error = stored("a".to_owned(), &runs).await;
    assert_eq!(stored("a".to_owned(), &runs).await, error);
    assert_eq!(runs.take(), 1);

    for _ in 0..2 {
        assert_eq!(forgotten(1, vec![7], &runs).await, Ok(7));
    }
    assert_eq!(runs.take(), 2);

    assert!(once("a".to_owned()).await.is_err());
    assert!(once_asking("a".to_owned()).await.is_err());
    assert!(plain("a".to_owned()).is_err());
    assert_eq!(state("guard-plain"), CircuitState::Open);
    assert_eq!(moved("a".to_owned(), true).await.as_deref(), Ok("a"));

    let mut client = Client {
        host: "a".to_owned(),
        calls: 0,
    };
    assert!(client.changes("a".to_owned()).await.is_err());
    assert_eq!((state("guard-changes"), client.calls), (CircuitState::Open, 1));
    assert!(client.reads("a".to_owned()).await.is_err());
    assert_eq!(state("guard-reads"), CircuitState::Open);
    assert_eq!(client.falls_back("abc".to_owned()).await, Ok(3));
    assert_eq!(client.calls, 2);
    assert_eq!(client.ends("a".to_owned()).await.as_deref(), Ok("a"));
    assert_eq!(state("guard-ends"), CircuitState::Open);
}
