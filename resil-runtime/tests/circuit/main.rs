//! The circuit breaker by its rules, on paused time. Cases that others have published bear the
//! numbers of our collection (F, G, L, Q), defects of peers the numbers D9 to D15.

mod half_open;
mod hand;
mod idle;
mod sharing;
mod stack;
mod threads;
mod tripping;

use std::time::Duration;

use resil_runtime::circuit::{Breaker, CircuitPolicy, CircuitState};
use resil_runtime::{Error, breaker};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// No growth, so that an opening of 50 s ends within 60 s.
const fn fifty() -> CircuitPolicy {
    CircuitPolicy::new().open_for(secs(50)).open_max(secs(50))
}

/// The breaker of a name that no other test uses.
fn made(name: &str, policy: CircuitPolicy) -> Breaker {
    let b = breaker(name);
    assert_eq!(b.state(), CircuitState::Closed, "{name} is used twice");
    assert!(b.configure(policy));
    b
}

/// `F`: a call that fails, `S`: one that succeeds, `N`: one that is dropped; each must be let in.
/// `X`: one that must be refused.
fn play(b: Breaker, calls: &str) {
    for (i, call) in calls.chars().filter(|c| !c.is_whitespace()).enumerate() {
        match (call, b.try_acquire()) {
            ('F', Ok(permit)) => permit.failure(),
            ('S', Ok(permit)) => permit.success(),
            ('N', Ok(permit)) => drop(permit),
            ('X', Err(Error::CircuitOpen { name, .. })) => assert_eq!(name, b.name()),
            (_, got) => panic!("call {i} of {calls}: {got:?} in {b:?}"),
        }
    }
}

fn retry_in(b: Breaker) -> Option<Duration> {
    match b.try_acquire() {
        Err(e) => e.retry_after(),
        Ok(_) => panic!("{b:?} let a call in"),
    }
}

/// Moves the clock past any opening of `open_for`, its jitter included.
async fn pass(open_for: Duration) {
    tokio::time::advance(open_for + open_for / 5 + ms(1)).await;
}
