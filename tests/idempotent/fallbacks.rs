//! Fallbacks under a claim. What a fallback has begun is no more undone than what the body has: cut in
//! mid-flight it abandons the claim.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use resil::idempotency::IdempotencyError;
use resil::{Error, breaker, bulkhead, circuit, fallback, idempotent, retry, timeout};

use super::support::{Fault, Record, poll_once};
use super::{Do, act, refused};

#[track_caller]
fn indeterminate(out: Result<u32, Fault>) {
    let e = refused(out);
    assert!(matches!(e, IdempotencyError::Indeterminate { .. }), "{e}");
}

#[track_caller]
fn is_timeout(out: &Result<u32, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::Timeout { .. })))
}

/// Polls once and drops.
async fn begin_and_drop(call: impl Future<Output = Result<u32, Fault>>) {
    assert!(poll_once(pin!(call)).await.is_pending());
}

fn panics(call: impl Future<Output = Result<u32, Fault>>) {
    let mut call = Box::pin(call);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }));
    assert!(caught.is_err());
}

/// The body and its fallback, each of which does as it is told.
#[idempotent(key = k, on_abandon = indeterminate)]
#[timeout(1s)]
#[fallback(act(r, second).await)]
async fn bounded(r: &Record, k: &str, first: Do, second: Do) -> Result<u32, Fault> {
    act(r, first).await
}

#[idempotent(key = k, on_abandon = indeterminate)]
#[fallback(act(r, second).await)]
#[circuit(name = "under-a-fallback")]
async fn over_a_circuit(r: &Record, k: &str, second: Do) -> Result<u32, Fault> {
    act(r, Do::Succeed).await
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_cut_dropped_or_panics_abandons_the_claim() {
    let r = Record::new();
    assert!(is_timeout(&bounded(&r, "cut", Do::Fail, Do::Hang).await));
    begin_and_drop(bounded(&r, "drop", Do::Fail, Do::Hang)).await;
    panics(bounded(&r, "panic", Do::Fail, Do::Panic));
    for k in ["cut", "drop", "panic"] {
        indeterminate(bounded(&r, k, Do::Succeed, Do::Succeed).await);
    }
    assert_eq!(r.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn so_it_does_where_the_body_never_ran() {
    let r = Record::new();
    breaker("under-a-fallback").force_open();
    begin_and_drop(over_a_circuit(&r, "drop", Do::Hang)).await;
    panics(over_a_circuit(&r, "panic", Do::Panic));
    breaker("under-a-fallback").reset();
    for k in ["drop", "panic"] {
        indeterminate(over_a_circuit(&r, k, Do::Succeed).await);
    }
    assert_eq!(r.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn so_it_does_below_other_layers() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[circuit(name = "over-a-fallback")]
    #[timeout(1s)]
    #[fallback(act(r, second).await)]
    #[retry(max = 2, constant, base = 1ms, jitter = none)]
    async fn over_a_retry(r: &Record, k: u32, second: Do) -> Result<u32, Fault> {
        act(r, Do::Fail).await
    }
    // The last attempt answers with an error, and an earlier one was cut in its fallback.
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[retry(max = 2, constant, base = 1ms, jitter = none, on(_))]
    #[timeout(1s)]
    #[fallback(act(r, if r.count() == 1 { Do::Hang } else { Do::Fail }).await)]
    async fn under_a_retry(r: &Record, k: u32) -> Result<u32, Fault> {
        act(r, Do::Fail).await
    }
    let r = Record::new();
    assert!(is_timeout(&over_a_retry(&r, 1, Do::Hang).await));
    indeterminate(over_a_retry(&r, 1, Do::Succeed).await);
    begin_and_drop(over_a_retry(&r, 2, Do::Hang)).await;
    let r = Record::new();
    assert_eq!(under_a_retry(&r, 1).await, Err(Fault::Network(4)));
    indeterminate(under_a_retry(&r, 1).await);
    assert_eq!(r.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_answers_or_never_begins_frees_the_key() {
    #[idempotent(key = k, on_abandon = indeterminate)]
    #[fallback(act(r, Do::Hang).await, on(Fault::Http(_)))]
    #[bulkhead(max = 1, name = "under-a-choosy-fallback")]
    async fn choosy(r: &Record, k: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let out = bounded(&r, "answers", Do::Fail, Do::Fail).await;
    assert_eq!(out, Err(Fault::Network(2)));
    let out = bounded(&r, "answers", Do::Fail, Do::Succeed).await;
    assert_eq!(out, Ok(4));
    // Replayed, whatever would come now.
    assert_eq!(bounded(&r, "answers", Do::Hang, Do::Hang).await, Ok(4));
    let mut inside = Box::pin(choosy(&r, 1, Do::Hang));
    assert!(poll_once(inside.as_mut()).await.is_pending());
    let full = choosy(&r, 2, Do::Succeed).await;
    assert!(matches!(
        full,
        Err(Fault::Resil(Error::BulkheadFull { .. }))
    ));
    drop(inside);
    assert_eq!(choosy(&r, 2, Do::Fail).await, Err(Fault::Network(6)));
    assert_eq!(choosy(&r, 2, Do::Succeed).await, Ok(7));
}

/// Above the claim it begins when the claim has ended.
#[tokio::test(start_paused = true)]
async fn a_fallback_above_the_claim_does_not_count() {
    #[timeout(1s)]
    #[fallback(act(r, second).await)]
    #[idempotent(key = k, on_abandon = indeterminate)]
    async fn above(r: &Record, k: u32, first: Do, second: Do) -> Result<u32, Fault> {
        act(r, first).await
    }
    let r = Record::new();
    assert!(is_timeout(&above(&r, 1, Do::Fail, Do::Hang).await));
    begin_and_drop(above(&r, 1, Do::Fail, Do::Hang)).await;
    assert_eq!(above(&r, 1, Do::Succeed, Do::Hang).await, Ok(5));
}
