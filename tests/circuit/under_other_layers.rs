//! LANGUAGE.md, section 5: what an outcome says of the other side, where it is not plain. On paused
//! time.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use crate::support::{Fault, ms};
use resil::{CircuitState, Deadline, Error, breaker, circuit, idempotent, retry, timeout};
use serde::{Deserialize, Serialize};
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
    #[retry(constant, base = 1ms, on(_))]
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
    #[retry(constant, base = 1ms, on(_))]
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

// Panics.

async fn panics(call: impl Future) -> bool {
    let mut call = pin!(call);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(true), |polled| polled.map(|_| false))
    })
    .await
}

fn bang() -> bool {
    panic!("a guard's own")
}

async fn fails() -> Result<u32, Fault> {
    Err(Fault::Final)
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_circuits_own_guard_is_a_failure() {
    #[circuit(name = "panic.on", failures = 1, on(_ if bang()))]
    async fn on() -> Result<u32, Fault> {
        fails().await
    }
    assert!(panics(on()).await);
    assert_eq!(state("panic.on"), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_what_a_retry_below_asks_is_a_failure() {
    #[circuit(name = "panic.retry.on", failures = 1)]
    #[retry(on(_ if bang()))]
    async fn on() -> Result<u32, Fault> {
        fails().await
    }
    #[circuit(name = "panic.retry.on_ok", failures = 1)]
    #[retry(on_ok(_ if bang()))]
    async fn on_ok() -> Result<u32, Fault> {
        Ok(1)
    }
    #[circuit(name = "panic.retry.backoff", failures = 1)]
    #[retry(backoff = |_| panic!("a strategy's own"))]
    async fn backoff() -> Result<u32, Fault> {
        fails().await
    }
    #[circuit(name = "panic.retry.after", failures = 1)]
    #[retry(retry_after = |_| -> Option<Duration> { panic!("its own") })]
    async fn after() -> Result<u32, Fault> {
        fails().await
    }
    assert!(panics(on()).await && panics(on_ok()).await);
    assert!(panics(backoff()).await && panics(after()).await);
    for name in ["on", "on_ok", "backoff", "after"] {
        let name = format!("panic.retry.{name}");
        assert_eq!(state(&name), CircuitState::Open, "{name}");
    }
}

/// Suspended where a guard was asked before: the panic is its caller's.
#[tokio::test(start_paused = true)]
async fn a_panic_of_the_caller_after_a_guard_is_neutral() {
    #[circuit(name = "panic.caller", failures = 1)]
    #[retry(constant, base = 1s, on(_ if true))]
    async fn sleeps() -> Result<u32, Fault> {
        fails().await
    }
    let caller = async {
        let mut call = pin!(sleeps());
        assert!(crate::support::poll_once(call.as_mut()).await.is_pending());
        panic!("the caller's own");
    };
    assert!(panics(caller).await);
    assert_eq!(state("panic.caller"), CircuitState::Closed);
}
