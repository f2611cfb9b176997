//! Calls that go wrong in each way for which there is an alert or a panel, and that the example does not make.

use std::future::pending;
use std::time::Duration;

use resil::{breaker, bulkhead, circuit, retry, timeout};
use tokio::time::sleep;

use super::example::Fault;

#[circuit(name = "watched.shops", failures = 1, open_for = 10m, key = shop)]
async fn shop(shop: u32) -> Result<u32, Fault> {
    if shop == 0 { Ok(0) } else { Err(Fault::Down) }
}

#[circuit(name = "watched.down", failures = 1, open_for = 10m)]
async fn down() -> Result<u32, Fault> {
    Err(Fault::Down)
}

#[circuit(name = "watched.held")]
async fn held() -> Result<u32, Fault> {
    Ok(1)
}

#[retry(max = 3, base = 1ms, budget(name = "watched.budget", capacity = 5, cost = 5, refill = 1))]
async fn over_budget() -> Result<u32, Fault> {
    Err(Fault::Down)
}

#[retry(max = 3, delays = [1ms], budget = off)]
async fn tries() -> Result<u32, Fault> {
    Err(Fault::Down)
}

#[timeout(3s)]
async fn slow() -> Result<u32, Fault> {
    pending().await
}

#[retry]
async fn hangs() -> Result<u32, Fault> {
    pending().await
}

#[bulkhead(name = "watched.queue", max = 1, queue = 8)]
async fn queued() -> Result<u32, Fault> {
    pending().await
}

#[cfg(feature = "idempotent")]
#[resil::idempotent(key = key)]
async fn once(key: u32) -> Result<u32, resil::Error> {
    Ok(key)
}

#[retry]
async fn panics() -> Result<u32, Fault> {
    // No report in the output of the test.
    std::panic::resume_unwind(Box::new(()))
}

/// Starts them.
pub(crate) fn start() {
    for _ in 0..3 {
        tokio::spawn(queued());
    }
    tokio::spawn(hangs());
    tokio::spawn(async {
        let _ = held().await;
        breaker("watched.held").force_open();
        loop {
            for n in 0..3 {
                let _ = shop(n).await;
            }
            let _ = down().await;
            let _ = over_budget().await;
            let _ = tries().await;
            #[cfg(feature = "idempotent")]
            let _ = once(1).await;
            tokio::spawn(slow());
            let _ = tokio::spawn(panics()).await;
            sleep(Duration::from_millis(100)).await;
        }
    });
}
