//! Five layers in one story: a slow first attempt, a replay, an outage that trips the circuit, a
//! replay while it is open.
#![deny(warnings, unused_qualifications)]
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::event::{Event, subscribe};
use resil::{CircuitState, Classify, breaker, circuit, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error, Classify)]
enum PayError {
    #[error("bank away")]
    #[transient]
    Away,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

static RUNS: AtomicU32 = AtomicU32::new(0);
static EVENTS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

#[idempotent(key = order)]
#[circuit(name = "bank", failures = 2)]
#[timeout(20s)]
#[retry(exponential, max = 3, base = 10ms, jitter)]
#[timeout(2s)]
async fn pay(order: u64) -> Result<u32, PayError> {
    match (RUNS.fetch_add(1, Relaxed), order) {
        (0, _) => std::future::pending().await,
        (run, 1) => Ok(run + 1),
        _ => Err(PayError::Away),
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let _listening = subscribe(|event| {
        EVENTS.lock().unwrap().push(match event {
            Event::Retry { .. } => "retry",
            Event::RetrySucceeded { .. } => "succeeded",
            Event::RetryStopped { .. } => "stopped",
            Event::TimedOut { .. } => "timed out",
            Event::CircuitChanged { .. } => "tripped",
            Event::CircuitRefused { .. } => "refused",
            Event::Idempotency { .. } => "key",
            _ => "other",
        });
    });
    let heard = || std::mem::take(&mut *EVENTS.lock().unwrap()).join(", ");
    assert!(matches!(pay(1).await, Ok(2)));
    assert_eq!(heard(), "timed out, retry, succeeded");
    assert!(matches!(pay(1).await, Ok(2)));
    assert_eq!((heard().as_str(), RUNS.swap(9, Relaxed)), ("key", 2));
    for _ in 0..2 {
        assert!(matches!(pay(2).await, Err(PayError::Away)));
    }
    assert_eq!(RUNS.swap(9, Relaxed), 9 + 6);
    assert_eq!(
        heard(),
        "retry, retry, stopped, key, retry, retry, stopped, tripped, key"
    );
    assert_eq!(breaker("bank").state(), CircuitState::Open);
    assert!(matches!(
        pay(3).await,
        Err(PayError::Resil(resil::Error::CircuitOpen { .. }))
    ));
    assert!(
        matches!(pay(1).await, Ok(2)),
        "a replay touches nothing below"
    );
    assert_eq!(
        (heard().as_str(), RUNS.load(Relaxed)),
        ("refused, key, key", 9)
    );
}
