//! The life of a breaker, as a subscriber sees it: open, two probes, closed; and half of it again
//! with a probe that fails and a longer time.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::CircuitState::{Closed, HalfOpen, Open};
use resil::{breaker, circuit};
use tokio::time::advance;

thread_local! {
    static UP: Cell<bool> = const { Cell::new(true) };
}

#[circuit(name = "geo", failures = 1, open_for = 10s, open_max = 20s, probes = 2)]
async fn locate(ip: [u8; 4]) -> anyhow::Result<String> {
    anyhow::ensure!(UP.get(), "no route to {ip:?}");
    Ok(format!("somewhere near {}", ip[0]))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let mut changes = breaker("geo").changes();
    UP.set(false);
    assert!(locate([1; 4]).await.is_err());
    advance(Duration::from_millis(12_001)).await;
    // A failed probe: twice as long.
    assert_eq!(
        locate([1; 4]).await.unwrap_err().to_string(),
        "no route to [1, 1, 1, 1]"
    );
    UP.set(true);
    advance(Duration::from_millis(12_001)).await;
    assert!(locate([1; 4]).await.unwrap_err().is::<resil::Error>());
    advance(Duration::from_millis(12_000)).await;
    assert!(locate([1; 4]).await.is_ok());
    assert_eq!(breaker("geo").state(), HalfOpen);
    assert!(locate([1; 4]).await.is_ok());
    let mut seen = Vec::new();
    while let Some(change) = changes.try_next() {
        seen.push(change.to);
    }
    assert_eq!(seen, [Open, HalfOpen, Open, HalfOpen, Closed]);
}
