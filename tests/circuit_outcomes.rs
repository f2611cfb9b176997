//! LANGUAGE.md, section 5: what an outcome says of the other side, where it is not plain. On paused
//! time.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod support;

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{CircuitState, Deadline, Error, breaker, circuit, idempotent, retry, timeout};
use serde::{Deserialize, Serialize};
use support::{Fault, ms};
use tokio::time::advance;

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

/// Past an opening of one second, jitter included.
async fn pass() {
    advance(ms(1_200)).await;
}

// Replays.

#[derive(Debug, Serialize, Deserialize)]
struct Sad(String);

impl From<Error> for Sad {
    fn from(e: Error) -> Self {
        Self(e.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn d7_a_failure_that_the_next_attempt_replays_is_one_all_the_same() {
    #[circuit(name = "replays.own", failures = 2, open_for = 1s)]
    #[retry(constant, base = 1ms)]
    #[idempotent(key = k, errors = store)]
    async fn own(k: u32, runs: &AtomicU32) -> Result<(), Sad> {
        runs.fetch_add(1, SeqCst);
        Err(Sad("down".into()))
    }
    let runs = AtomicU32::new(0);
    assert!(own(1, &runs).await.is_err());
    // No body ran for this one.
    assert!(own(1, &runs).await.is_err());
    assert_eq!(runs.load(SeqCst), 1);
    assert_eq!(breaker("replays.own").counts().failures_in_a_row, 1);
    assert!(own(2, &runs).await.is_err());
    assert_eq!(state("replays.own"), CircuitState::Open);
    // A probe that is only replayed is none.
    pass().await;
    assert!(own(1, &runs).await.is_err());
    assert_eq!(state("replays.own"), CircuitState::HalfOpen);
    assert_eq!(runs.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn each_attempts_own_permit_knows_whether_its_body_ran() {
    #[retry(constant, base = 1ms)]
    #[circuit(name = "replays.each", failures = 2)]
    #[idempotent(key = k, errors = store)]
    async fn each(k: u32) -> Result<(), Sad> {
        Err(Sad("down".into()))
    }
    assert!(each(1).await.is_err());
    assert_eq!(breaker("replays.each").counts().failures_in_a_row, 1);
    assert_eq!(state("replays.each"), CircuitState::Closed);
}

// Deadlines.

#[derive(Clone, Copy)]
enum Do {
    Fail,
    Hang,
    HangBelow,
}

fn down() -> std::io::Error {
    std::io::Error::other("down")
}

fn is_down(e: &std::io::Error) -> bool {
    e.to_string() == "down"
}

#[timeout(5s)]
async fn inner() -> std::io::Result<()> {
    pending().await
}

#[circuit(name = "cut", failures = 1, open_for = 1s, on(e if is_down(e)))]
#[timeout(6s)]
async fn cut(what: Do) -> std::io::Result<()> {
    match what {
        Do::Fail => Err(down()),
        Do::Hang => pending().await,
        Do::HangBelow => inner().await,
    }
}

#[tokio::test(start_paused = true)]
async fn d10_a_probe_cut_by_the_callers_own_deadline_is_no_success_by_a_pattern() {
    assert!(cut(Do::Fail).await.is_err());
    pass().await;
    for what in [Do::Hang, Do::HangBelow, Do::Hang] {
        assert!(Deadline::after(ms(10)).scope(cut(what)).await.is_err());
        assert_eq!(state("cut"), CircuitState::HalfOpen);
        assert_eq!(breaker("cut").counts().probes_out, 0);
    }
    // Its own limit is an outcome, and the pattern decides alone: it does not name it.
    assert!(cut(Do::Hang).await.is_err());
    assert_eq!(state("cut"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_a_pattern_names_is_a_failure_whoever_cut_it() {
    #[circuit(name = "cut.named", failures = 1, on(Fault::Resil(Error::Timeout { .. })))]
    #[timeout(5s)]
    async fn named() -> Result<(), Fault> {
        pending().await
    }
    let out = Deadline::after(ms(10)).scope(named()).await;
    assert!(matches!(out, Err(Fault::Resil(Error::Timeout { .. }))));
    assert_eq!(state("cut.named"), CircuitState::Open);
}
