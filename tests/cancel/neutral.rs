//! The end of a wait says nothing about the other side: it is never retried, and no circuit counts it.

use resil::{breaker, bulkhead, circuit, fallback, retry};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_in_its_pause_is_neutral() {
    #[circuit(name = "cancel-neutral-pause", failures = 1)]
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        fail(r).await
    }
    let r = Record::new();
    for _ in 0..5 {
        let out = cancel_scope(cancelled_after(5), f(&r)).await;
        assert!(matches!(out, Err(Fault::Network(_))), "{out:?}");
    }
    let counts = breaker("cancel-neutral-pause").counts();
    assert_eq!((r.count(), counts.failures_in_a_row), (5, 0));
    // An attempt that fails is a failure, also in a cancelled scope.
    let _ = cancel_scope(cancelled(), f(&r)).await;
    assert_eq!(
        breaker("cancel-neutral-pause").state(),
        resil::CircuitState::Open
    );
}

#[tokio::test(start_paused = true)]
async fn and_so_is_one_that_ends_with_a_value_that_asked_for_another_try() {
    #[circuit(name = "cancel-neutral-bad", failures = 1, on_ok(0))]
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none, on_ok(0))]
    async fn bad(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Ok(0)
    }
    #[circuit(name = "cancel-neutral-good", failures = 2)]
    #[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none, on_ok(0))]
    async fn good(r: &Record) -> Result<u32, Fault> {
        r.attempt();
        Ok(0)
    }
    let r = Record::new();
    for _ in 0..5 {
        assert_eq!(cancel_scope(cancelled_after(5), bad(&r)).await, Ok(0));
    }
    let counts = breaker("cancel-neutral-bad").counts();
    assert_eq!((r.count(), counts.failures_in_a_row), (5, 0));

    // As a success it would end the row.
    let _ = cancel_scope(cancelled_after(5), good(&r)).await;
    breaker("cancel-neutral-good")
        .try_acquire()
        .unwrap()
        .failure();
    assert_eq!(cancel_scope(cancelled_after(5), good(&r)).await, Ok(0));
    assert_eq!(breaker("cancel-neutral-good").counts().failures_in_a_row, 1);
}

#[tokio::test(start_paused = true)]
async fn and_so_is_one_in_a_queue_whatever_a_pattern_says() {
    #[circuit(name = "cancel-neutral-queue", failures = 1, on(_))]
    #[bulkhead(name = "cancel-neutral-queue", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1).await
    }
    let r = Record::new();
    let place = resil::bulkhead("cancel-neutral-queue");
    // The first call sets the limit.
    assert_eq!(f(&r).await, Ok(1));
    let _place = place.try_acquire().unwrap();
    assert!(is_cancelled(&cancel_scope(cancelled_after(5), f(&r)).await));
    assert_eq!(
        breaker("cancel-neutral-queue").counts().failures_in_a_row,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_gives_its_place_back() {
    #[circuit(name = "cancel-probe", failures = 1, open_for = 1s, probes = 1)]
    #[bulkhead(name = "cancel-probe", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1).await
    }
    let r = Record::new();
    assert_eq!(f(&r).await, Ok(1));
    let place = resil::bulkhead("cancel-probe").try_acquire().unwrap();
    breaker("cancel-probe").try_acquire().unwrap().failure();
    tokio::time::advance(ms(1_200)).await;
    assert!(is_cancelled(&cancel_scope(cancelled_after(5), f(&r)).await));
    assert_eq!(breaker("cancel-probe").counts().probes_out, 0);
    drop(place);
    assert_eq!(f(&r).await, Ok(2));
}

/// Outside the scope too, and whatever a pattern of that very stack says.
#[tokio::test(start_paused = true)]
async fn it_is_never_retried() {
    #[retry(max = 9, on(_))]
    #[bulkhead(name = "cancel-never", max = 1, queue = 9)]
    async fn by_pattern(r: &Record) -> Result<u32, Fault> {
        take(r, 1).await
    }
    #[retry(max = 9)]
    async fn around(r: &Record, calls: &Record) -> Result<u32, anyhow::Error> {
        calls.attempt();
        Ok(cancel_scope(cancelled(), by_pattern(r)).await?)
    }
    let (r, calls) = (Record::new(), Record::new());
    assert_eq!(by_pattern(&r).await, Ok(1));
    let _place = resil::bulkhead("cancel-never").try_acquire().unwrap();
    let out = around(&r, &calls).await.unwrap_err();
    assert!(is_cancelled::<()>(&Err(out.downcast().unwrap())));
    assert_eq!((calls.count(), r.count()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_may_take_its_place() {
    #[fallback(|_| Ok(0))]
    #[bulkhead(name = "cancel-fallback", max = 1, queue = 9)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1).await
    }
    let r = Record::new();
    assert_eq!(f(&r).await, Ok(1));
    let _place = resil::bulkhead("cancel-fallback").try_acquire().unwrap();
    assert_eq!(cancel_scope(cancelled_after(5), f(&r)).await, Ok(0));
}

#[test]
fn the_error_says_what_it_is() {
    let error = Error::Cancelled;
    assert_eq!(
        error.to_string(),
        "the call was cancelled from outside while it waited"
    );
    assert_eq!(error.retry_after(), None);
    assert_eq!(resil::Classify::classify(&error), resil::Class::Neutral);
    let wrapped = anyhow::Error::from(error).context("while paying");
    assert_eq!(
        resil::classify::find(wrapped.as_ref()),
        Some(resil::Class::Neutral)
    );
}
