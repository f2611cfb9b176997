//! `forget_ok`: an `Ok` that is not recorded and frees the key, as a forgotten error does.

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did};
use resil::{Error, idempotent, retry, timeout};
use tokio::time::sleep;

use super::support::{Events, Fault, Record, ms};
use super::{Do, act, did, refused};

#[tokio::test(start_paused = true)]
async fn a_forgotten_ok_frees_the_key() {
    #[idempotent(key = k, forget_ok(n if *n < 3))]
    async fn thrice(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let events = Events::of("forget::thrice");
    let r = Record::new();
    for n in [1, 2, 3, 3, 3] {
        assert_eq!(thrice(&r, 1).await, Ok(n));
    }
    let expected = [Did::Released, Did::Released, Did::Replayed, Did::Replayed];
    assert_eq!(did(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn the_next_waiter_runs_while_the_others_go_on_waiting() {
    #[idempotent(key = k, forget_ok(1 | 2))]
    async fn third_time(r: &Record, k: u32) -> Result<u32, Fault> {
        let n = r.attempt();
        sleep(ms(1_000)).await;
        Ok(n)
    }
    let r = Record::new();
    let one = || third_time(&r, 1);
    let all = tokio::join!(one(), one(), one(), one(), one());
    assert_eq!(all, (Ok(1), Ok(2), Ok(3), Ok(3), Ok(3)));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 1_000, 2_000], 3_000));
}

#[tokio::test(start_paused = true)]
async fn it_says_that_nothing_was_done_even_under_indeterminate() {
    #[idempotent(key = k, on_abandon = indeterminate, forget_ok(..9))]
    async fn strict(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(strict(&r, 1).await, Ok(1));
    assert_eq!(strict(&r, 1).await, Ok(2));
}

/// What a cut attempt did nobody knows, whatever the one after it says: as with an error.
#[tokio::test(start_paused = true)]
async fn after_a_cut_attempt_it_abandons_the_claim() {
    #[idempotent(key = k, on_abandon = indeterminate, forget_ok(2))]
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    async fn scripted(r: &Record, k: u32, script: [Do; 3]) -> Result<u32, Fault> {
        act(r, script[r.count() % 3]).await
    }
    let r = Record::new();
    assert_eq!(
        scripted(&r, 1, [Do::Hang, Do::Succeed, Do::Fail]).await,
        Ok(2)
    );
    let e = refused(scripted(&r, 1, [Do::Succeed; 3]).await);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn beside_stored_errors_each_is_asked_of_its_own() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    enum Stored {
        Declined(u32),
        #[serde(skip)]
        Resil(Error),
    }
    impl From<Error> for Stored {
        fn from(e: Error) -> Self {
            Self::Resil(e)
        }
    }
    #[idempotent(key = k, forget_ok(1), errors = store(Stored::Declined(2)))]
    async fn both(r: &Record, k: u32, fails: bool) -> Result<u32, Stored> {
        let n = r.attempt();
        if fails {
            Err(Stored::Declined(n))
        } else {
            Ok(n)
        }
    }
    let r = Record::new();
    assert_eq!(both(&r, 1, false).await, Ok(1));
    for _ in 0..3 {
        assert_eq!(both(&r, 1, true).await, Err(Stored::Declined(2)));
    }
    assert_eq!(both(&r, 2, false).await, Ok(3));
    assert_eq!(both(&r, 2, true).await, Ok(3));
}

/// Above it, a retry asks again, and not in vain.
#[tokio::test(start_paused = true)]
async fn a_retry_above_it_runs_the_body_again() {
    #[retry(constant, max = 5, base = 1s, jitter = none, on_ok(..3))]
    #[idempotent(key = k, forget_ok(..3))]
    async fn polled(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(polled(&r, 1).await, Ok(3));
    assert_eq!(r.times(), [0, 1_000, 2_000]);
    assert_eq!(polled(&r, 1).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_pattern_may_use_arguments_and_one_that_panics_leaves_a_claim_behind() {
    #[idempotent(key = k, forget_ok(n if *n == limit))]
    async fn at_limit(r: &Record, k: u32, limit: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(key = k, forget_ok(_ if panics()), on_abandon = indeterminate)]
    async fn bad(r: &Record, k: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    fn panics() -> bool {
        panic!("the guard's own")
    }
    let r = Record::new();
    assert_eq!(at_limit(&r, 1, 1).await, Ok(1));
    assert_eq!(at_limit(&r, 1, 1).await, Ok(2));
    assert_eq!(at_limit(&r, 1, 2).await, Ok(2));
    let inner = r.clone();
    let bang = tokio::spawn(async move { bad(&inner, 1).await }).await;
    assert!(bang.expect_err("it panics").is_panic());
    let out = bad(&r, 1).await;
    let indeterminate = matches!(
        out,
        Err(Fault::Resil(Error::Idempotency(
            IdempotencyError::Indeterminate { .. }
        )))
    );
    assert!(indeterminate, "{out:?}");
}
