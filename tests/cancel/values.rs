//! Stacks and policies that are values: their waits end as those of functions do.

use resil::{BulkheadPolicy, CircuitPolicy, RateLimitPolicy, RetryPolicy, Shutdown, Stack};

use super::*;

const SLOWLY: RetryPolicy = RetryPolicy::new()
    .max(9)
    .base(Duration::from_secs(3_600))
    .cap(Duration::from_secs(3_600))
    .jitter(resil::Jitter::None);

#[tokio::test(start_paused = true)]
async fn a_back_off_sleep_ends_and_no_attempt_follows() {
    static S: Stack = Stack::new("cancel-value")
        .circuit(CircuitPolicy::new().failures(1))
        .retry(SLOWLY);
    let r = Record::new();
    let events = Events::of("cancel-value");
    let out = cancel_scope(cancelled_after(30), S.run(|| fail(&r))).await;
    assert!(is_cancelled(&out), "the error is not kept: {out:?}");
    assert_eq!((r.count(), r.elapsed()), (1, 30));
    assert_eq!(events.stop(), Some(StopReason::Cancelled));
    // Neutral for the circuit, which one failure opens.
    assert_eq!(S.run(|| take(&r, 1)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_retry_by_itself_makes_its_last_attempt_at_once() {
    let r = Record::new();
    let out = cancel_scope(cancelled_after(30), SLOWLY.run(|| fail(&r))).await;
    assert_eq!(out, Err(Fault::Network(2)));
    assert_eq!(r.times(), [0, 30]);
}

#[tokio::test(start_paused = true)]
async fn waits_for_a_place_and_for_a_turn_end() {
    static PLACES: Stack =
        Stack::new("cancel-value-places").bulkhead(BulkheadPolicy::new().max(1).queue(5));
    static TURNS: Stack = Stack::new("cancel-value-turns").rate_limit(
        RateLimitPolicy::new()
            .max(1)
            .per(Duration::from_secs(3_600))
            .burst(1)
            .wait(Duration::from_secs(36_000)),
    );
    let r = Record::new();
    let mut inside = Box::pin(PLACES.run(|| take(&r, 500)));
    assert!(poll_once(inside.as_mut()).await.is_pending());
    let events = Events::of("cancel-value-places");
    let out = cancel_scope(cancelled_after(30), PLACES.run(|| take(&r, 1))).await;
    assert!(is_cancelled(&out), "{out:?}");
    assert_eq!(ended(&events), [StopReason::Cancelled]);
    assert_eq!(inside.await, Ok(1));

    assert_eq!(TURNS.run(|| take(&r, 0)).await, Ok(2));
    let out = cancel_scope(cancelled_after(30), TURNS.run(|| take(&r, 0))).await;
    assert!(is_cancelled(&out), "{out:?}");
    // The turn was given back: the next one comes an hour after the first, and not two.
    let before = r.elapsed();
    assert_eq!(TURNS.run(|| take(&r, 0)).await, Ok(3));
    assert!(r.elapsed() - before <= 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn calls_of_values_are_in_flight() {
    static S: Stack = Stack::new("cancel-value-in-flight").timeout(Duration::from_secs(3_600));
    let r = Record::new();
    let part = Shutdown::new();
    let of_record = r.clone();
    let call = async move { S.run(|| take(&of_record, 50)).await };
    let task = tokio::spawn(part.scope(call));
    tokio::task::yield_now().await;
    part.begin();
    let left = part.drain(Duration::ZERO).await.to_string();
    assert_eq!(left, "cancel-value-in-flight: 1 in flight");
    assert!(part.drain(ms(1_000)).await.is_empty());
    assert_eq!(task.await.unwrap(), Ok(1));
}
