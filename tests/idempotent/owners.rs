//! Owners that vanish: dropped, panicked, cut in mid-flight, or refused before they began.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did};
use resil::{Error, breaker, circuit, idempotent, retry, timeout};
use tokio::time::{advance, sleep};

use super::sharing::takes_a_minute;
use super::support::{Events, Fault, Record, ms, poll_once};
use super::{Do, act, did, refused};

#[idempotent(key = k, name = "again")]
#[timeout(1s)]
async fn again(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
    act(r, what).await
}

#[idempotent(key = k, name = "once", on_abandon = indeterminate, ttl = 1h)]
#[timeout(1s)]
async fn once(r: &Record, k: &str, what: Do) -> Result<u32, Fault> {
    act(r, what).await
}

#[track_caller]
fn is_timeout(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::Timeout { .. })))
}

#[track_caller]
fn indeterminate(out: Result<u32, Fault>) {
    let e = refused(out);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
}

/// Polls once and drops.
async fn begin_and_drop(call: impl Future<Output = Result<u32, Fault>>) {
    assert!(poll_once(pin!(call)).await.is_pending());
}

fn panics(call: impl Future<Output = Result<u32, Fault>>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut call = Box::pin(call);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _ = call.as_mut().poll(&mut cx);
    }));
    let panic = caught.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the body's own"));
}

#[tokio::test(start_paused = true)]
async fn after_a_dropped_owner_the_next_caller_runs_again_at_once() {
    let r = Record::new();
    begin_and_drop(again(&r, "drop", Do::Hang)).await;
    assert_eq!(again(&r, "drop", Do::Succeed).await, Ok(2));
    assert_eq!(r.elapsed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_owner_wakes_who_waits() {
    let r = Record::new();
    let mut owner = Box::pin(takes_a_minute(&r, "wake"));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let gone = async {
        sleep(ms(1_000)).await;
        drop(owner);
    };
    let waiter = || takes_a_minute(&r, "wake");
    assert_eq!(tokio::join!(waiter(), waiter(), gone), (Ok(2), Ok(2), ()));
    assert_eq!(r.times(), [0, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_goes_on_and_the_next_caller_runs_again() {
    let r = Record::new();
    panics(again(&r, "panic", Do::Panic));
    assert_eq!(again(&r, "panic", Do::Succeed).await, Ok(2));
    assert_eq!(r.elapsed(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_the_next_caller_runs_again() {
    let events = Events::of("again");
    let r = Record::new();
    assert!(is_timeout(&again(&r, "cut", Do::Hang).await));
    assert_eq!(again(&r, "cut", Do::Succeed).await, Ok(2));
    assert_eq!(again(&r, "cut", Do::Succeed).await, Ok(2));
    assert_eq!(r.times(), [0, 1_000]);
    let mine = did(&events);
    assert!(mine.contains(&Did::Abandoned) && mine.contains(&Did::TakenOver));
}

#[tokio::test(start_paused = true)]
async fn indeterminate_after_a_drop_a_panic_or_a_cut_never_starts_again() {
    for (k, how) in [("a", Do::Hang), ("b", Do::Panic), ("c", Do::Hang)] {
        let r = Record::new();
        match (k, how) {
            ("a", _) => begin_and_drop(once(&r, k, how)).await,
            (_, Do::Panic) => panics(once(&r, k, how)),
            _ => assert!(is_timeout(&once(&r, k, how).await)),
        }
        for _ in 0..3 {
            indeterminate(once(&r, k, Do::Succeed).await);
            advance(Duration::from_secs(600)).await;
        }
        assert_eq!(r.count(), 1, "{k}");
        // Until its ttl ends.
        advance(Duration::from_secs(1_800)).await;
        assert_eq!(once(&r, k, Do::Succeed).await, Ok(2));
    }
}

#[tokio::test(start_paused = true)]
async fn indeterminate_is_told_to_all_who_wait() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    async fn strict(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Hang).await
    }
    let r = Record::new();
    let mut owner = Box::pin(strict(&r, 1));
    assert!(poll_once(owner.as_mut()).await.is_pending());
    let gone = async {
        sleep(ms(1_000)).await;
        drop(owner);
    };
    let (a, b, ()) = tokio::join!(strict(&r, 1), strict(&r, 1), gone);
    indeterminate(a);
    indeterminate(b);
    assert_eq!((r.count(), r.elapsed()), (1, 1_000));
}

#[tokio::test(start_paused = true)]
async fn a_body_cut_by_a_timeout_above_its_indeterminate_claim_never_starts_again() {
    #[timeout(1s)]
    #[idempotent(key = k, on_abandon = indeterminate)]
    async fn strict_below(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[timeout(1s)]
    async fn caller(r: &Record) -> Result<u32, Fault> {
        strict(r, 2, Do::Hang).await
    }
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[timeout(9s)]
    async fn strict(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert!(is_timeout(&strict_below(&r, 1, Do::Hang).await));
    indeterminate(strict_below(&r, 1, Do::Succeed).await);
    // Another function's timeout, which drops the whole call.
    assert!(is_timeout(&caller(&r).await));
    indeterminate(strict(&r, 2, Do::Succeed).await);
    assert_eq!(r.times(), [0, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_the_body_answered_frees_the_key_even_under_indeterminate() {
    let r = Record::new();
    let k = "answered";
    assert_eq!(once(&r, k, Do::Fail).await, Err(Fault::Network(1)));
    assert_eq!(once(&r, k, Do::Fail).await, Err(Fault::Network(2)));
    assert_eq!(once(&r, k, Do::Succeed).await, Ok(3));
    assert_eq!(once(&r, k, Do::Fail).await, Ok(3));
}

/// Attempts under one claim, each of which does what the script says.
#[idempotent(key = k, on_abandon = indeterminate)]
#[retry(constant, max = 3, base = 100ms, jitter = none)]
#[timeout(1s)]
async fn scripted(r: &Record, k: u32, script: [Do; 3]) -> Result<u32, Fault> {
    let what = script[r.count() % 3];
    act(r, what).await
}

#[tokio::test(start_paused = true)]
async fn an_error_after_a_cut_attempt_does_not_free_the_key() {
    let r = Record::new();
    let out = scripted(&r, 1, [Do::Hang, Do::Fail, Do::Fail]).await;
    assert_eq!(out, Err(Fault::Network(3)));
    indeterminate(scripted(&r, 1, [Do::Succeed; 3]).await);
    assert_eq!(r.times(), [0, 1_100, 1_200]);
}

#[tokio::test(start_paused = true)]
async fn an_ok_after_a_cut_attempt_is_recorded() {
    let r = Record::new();
    let out = scripted(&r, 2, [Do::Fail, Do::Hang, Do::Succeed]).await;
    assert_eq!(out, Ok(3));
    assert_eq!(scripted(&r, 2, [Do::Hang; 3]).await, Ok(3));
    assert_eq!(r.times(), [0, 100, 1_200]);
}

#[tokio::test(start_paused = true)]
async fn errors_of_all_attempts_under_one_claim_free_the_key() {
    let r = Record::new();
    assert_eq!(scripted(&r, 3, [Do::Fail; 3]).await, Err(Fault::Network(3)));
    assert_eq!(scripted(&r, 3, [Do::Succeed; 3]).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_never_polled_or_waited_leaves_nothing_behind() {
    let r = Record::new();
    drop(once(&r, "never polled", Do::Hang));
    assert_eq!(once(&r, "never polled", Do::Succeed).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_between_two_attempts_has_begun() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[retry(constant, max = 3, base = 10s, jitter = none)]
    async fn between(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    begin_and_drop(between(&r, 1, Do::Fail)).await;
    indeterminate(between(&r, 1, Do::Succeed).await);
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_before_its_body_began_releases_the_key() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[retry(delays = [10s], max = 3, on(Fault::Resil(Error::CircuitOpen { .. })))]
    #[circuit(name = "not-begun")]
    async fn not_begun(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    breaker("not-begun").force_open();
    begin_and_drop(not_begun(&r, 1, Do::Succeed)).await;
    breaker("not-begun").reset();
    assert_eq!(not_begun(&r, 1, Do::Succeed).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_the_body_ran_releases_the_key() {
    #[idempotent(key = k, name = "refused-claims", on_abandon = indeterminate)]
    #[retry(constant, max = 3, base = 1ms)]
    #[timeout(1s)]
    #[circuit(name = "refuses-claims")]
    async fn refused_below(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let events = Events::of("refused-claims");
    let r = Record::new();
    breaker("refuses-claims").force_open();
    for _ in 0..2 {
        let out = refused_below(&r, 1, Do::Succeed).await;
        assert!(matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))));
    }
    // A hundred at a time are each told of it, and no key is left behind.
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let r = r.clone();
            tokio::spawn(async move { refused_below(&r, 1, Do::Succeed).await })
        })
        .collect();
    for call in calls {
        let out = call.await.unwrap();
        assert!(matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))));
    }
    breaker("refuses-claims").reset();
    assert_eq!(refused_below(&r, 1, Do::Succeed).await, Ok(1));
    assert_eq!(did(&events), [Did::Released; 102]);
}
