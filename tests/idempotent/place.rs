//! Where the attribute stands: one claim around all attempts, or one for each.

use resil::idempotency::IdempotencyEvent as Did;
use resil::{CircuitState, circuit, idempotent, retry, timeout};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::support::{Events, Fault, Record, ms};
use super::{Do, act, did};

#[tokio::test(start_paused = true)]
async fn written_first_it_holds_one_claim_around_all_attempts() {
    #[idempotent(key = k)]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    async fn one_claim(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Fail).await
    }
    let events = Events::of("idempotent::place::one_claim");
    let r = Record::new();
    assert_eq!(one_claim(&r, 1).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released], "once, after all attempts");
    // Nobody gets in between two attempts.
    let both = tokio::join!(one_claim(&r, 1), one_claim(&r, 1));
    assert_eq!(both, (Err(Fault::Network(6)), Err(Fault::Network(9))));
    assert_eq!(r.times()[3..], [200, 300, 400, 400, 500, 600]);
}

#[tokio::test(start_paused = true)]
async fn below_retry_every_attempt_claims_anew() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[idempotent(key = k)]
    async fn claims_anew(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let events = Events::of("idempotent::place::claims_anew");
    let r = Record::new();
    assert_eq!(claims_anew(&r, 1, Do::Fail).await, Err(Fault::Network(3)));
    assert_eq!(did(&events), [Did::Released; 3]);
    // Another caller gets in between two attempts, and the retry is answered by its result.
    let other = async {
        sleep(ms(50)).await;
        claims_anew(&r, 1, Do::Succeed).await
    };
    let both = tokio::join!(claims_anew(&r, 1, Do::Fail), other);
    assert_eq!(both, (Ok(5), Ok(5)));
    assert_eq!(r.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn below_retry_a_cut_attempt_is_taken_over_by_the_next() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    #[idempotent(key = k)]
    async fn retaken(r: &Record, k: u32) -> Result<u32, Fault> {
        let what = if r.count() == 0 {
            Do::Hang
        } else {
            Do::Succeed
        };
        act(r, what).await
    }
    let events = Events::of("idempotent::place::retaken");
    let r = Record::new();
    assert_eq!(retaken(&r, 1).await, Ok(2));
    assert_eq!(r.times(), [0, 1_100]);
    assert_eq!(did(&events), [Did::Abandoned, Did::TakenOver]);
    assert_eq!(retaken(&r, 1).await, Ok(2));
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum Sad {
    #[error("declined")]
    Declined,
    #[error("down")]
    Down,
    #[error("{0}")]
    Resil(String),
}

impl From<resil::Error> for Sad {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn a_recorded_error_is_final_for_a_retry_above_it() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[idempotent(key = k, errors = store)]
    async fn all_kept(r: &Record, k: u32) -> Result<u32, Sad> {
        r.attempt();
        Err(Sad::Down)
    }
    #[retry(constant, max = 3, base = 100ms, jitter = none, unless(Sad::Resil(_)))]
    #[idempotent(key = k, errors = store(Sad::Declined))]
    async fn some_kept(r: &Record, k: u32) -> Result<u32, Sad> {
        Err(if r.attempt() < 2 {
            Sad::Down
        } else {
            Sad::Declined
        })
    }
    let events = Events::of("idempotent::place::all_kept");
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(all_kept(&r, 1).await, Err(Sad::Down));
    }
    assert_eq!((r.times(), r.elapsed()), (vec![0], 0));
    assert_eq!(did(&events), [Did::Replayed]);
    // What is forgotten may be otherwise next time.
    let r = Record::new();
    for _ in 0..2 {
        assert_eq!(some_kept(&r, 1).await, Err(Sad::Declined));
    }
    assert_eq!((r.times(), r.elapsed()), (vec![0, 100], 100));
}

#[tokio::test(start_paused = true)]
async fn on_decides_alone_over_a_recorded_error_too() {
    #[retry(constant, max = 3, base = 100ms, jitter = none, on(Sad::Down))]
    #[idempotent(key = k, errors = store)]
    async fn kept(r: &Record, k: u32) -> Result<u32, Sad> {
        r.attempt();
        Err(Sad::Down)
    }
    let r = Record::new();
    assert_eq!(kept(&r, 1).await, Err(Sad::Down));
    assert_eq!((r.count(), r.elapsed()), (1, 200));
}

#[tokio::test(start_paused = true)]
async fn a_circuit_above_counts_the_error_that_was_recorded_and_not_its_replays() {
    #[circuit(name = "place.kept", failures = 2)]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[idempotent(key = k, errors = store)]
    async fn kept(k: u32) -> Result<u32, Sad> {
        Err(Sad::Down)
    }
    for _ in 0..3 {
        assert_eq!(kept(1).await, Err(Sad::Down));
    }
    let state = || resil::breaker("place.kept").state();
    assert_eq!(state(), CircuitState::Closed);
    assert_eq!(kept(2).await, Err(Sad::Down));
    assert_eq!(state(), CircuitState::Open);
}
