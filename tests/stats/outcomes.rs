//! Each outcome by its word.

use std::future::pending;
use std::time::Duration;

use resil::{
    CancellationToken, Error, cancel_scope, circuit, fallback, idempotent, retry, timeout,
};
use tokio::time::sleep;

use super::support::{Fault, ms, poll_once};
use super::{alone, here, of, outcomes};

#[retry(max = 1)]
async fn gives(out: Result<u32, Fault>) -> Result<u32, Fault> {
    out
}

#[tokio::test(start_paused = true)]
async fn a_value_is_ok_and_the_error_of_the_body_is_an_error() {
    let _alone = alone();
    assert_eq!(gives(Ok(1)).await, Ok(1));
    assert_eq!(gives(Ok(2)).await, Ok(2));
    assert_eq!(gives(Err(Fault::Final)).await, Err(Fault::Final));
    assert_eq!(outcomes(&of(here!(gives))), [("ok", 2), ("error", 1)]);
}

#[timeout(1s)]
async fn hangs() -> Result<u32, Fault> {
    pending().await
}

#[retry(max = 2)]
#[timeout(1s)]
async fn hangs_once(first: bool) -> Result<u32, Fault> {
    static HUNG: std::sync::Once = std::sync::Once::new();
    let mut hangs = first;
    HUNG.call_once(|| hangs = true);
    if hangs { pending().await } else { Ok(1) }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_ends_the_call_is_a_timeout() {
    let _alone = alone();
    assert!(hangs().await.is_err());
    assert!(resil::Deadline::after(ms(10)).scope(hangs()).await.is_err());
    assert_eq!(outcomes(&of(here!(hangs))), [("timeout", 2)]);
    assert_eq!(of(here!(hangs)).limits_passed, 2);
    // A limit that passes over an attempt is counted, and the call is what it is in the end.
    assert_eq!(hangs_once(false).await, Ok(1));
    let seen = of(here!(hangs_once));
    assert_eq!(outcomes(&seen), [("ok", 1)]);
    assert_eq!((seen.limits_passed, seen.retries, seen.attempts), (1, 1, 2));
}

#[circuit(failures = 1)]
async fn broken(out: Result<u32, Fault>) -> Result<u32, Fault> {
    out
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_policy_does_not_let_run_is_refused() {
    let _alone = alone();
    assert!(broken(Err(Fault::Network(1))).await.is_err());
    for _ in 0..3 {
        assert!(matches!(
            broken(Ok(1)).await,
            Err(Fault::Resil(Error::CircuitOpen { .. }))
        ));
    }
    let seen = of(here!(broken));
    assert_eq!(outcomes(&seen), [("error", 1), ("refused", 3)]);
    assert_eq!(seen.attempts, 1, "no body ran");
}

#[idempotent(key = key)]
async fn once(key: u32, out: Result<u32, u16>) -> Result<u32, resil::Error> {
    sleep(ms(10)).await;
    Ok(out.unwrap_or_default() + key)
}

#[fallback(Ok(7))]
#[idempotent(key = key)]
async fn once_or_seven(key: u32) -> Result<u32, resil::Error> {
    Ok(key)
}

#[tokio::test(start_paused = true)]
async fn the_outcome_of_an_earlier_call_is_replayed() {
    let _alone = alone();
    for _ in 0..3 {
        assert_eq!(once(1, Ok(1)).await.unwrap(), 2);
    }
    let (one, other) = tokio::join!(once(5, Ok(1)), once(5, Ok(1)));
    assert_eq!((one.unwrap(), other.unwrap()), (6, 6));
    let seen = of(here!(once));
    assert_eq!(outcomes(&seen), [("ok", 2), ("replayed", 3)]);
    assert_eq!(seen.attempts, 2);
    for _ in 0..2 {
        assert_eq!(once_or_seven(1).await.unwrap(), 1);
    }
    let seen = of(here!(once_or_seven));
    assert_eq!(outcomes(&seen), [("ok", 1), ("replayed", 1)]);
}

#[fallback(|_error| other.await)]
#[retry(max = 2, delays = [10ms])]
async fn or_other(
    out: Result<u32, Fault>,
    other: impl Future<Output = Result<u32, Fault>>,
) -> Result<u32, Fault> {
    match &out {
        Ok(n) => Ok(*n),
        Err(_) => Err(Fault::Network(1)),
    }
}

#[retry(max = 2, delays = [10ms])]
#[fallback(|_error| next.clone().pop().ok_or(Fault::Network(2)))]
async fn retried_or_other(first: &std::sync::Once, next: Vec<u32>) -> Result<u32, Fault> {
    let mut is_first = false;
    first.call_once(|| is_first = true);
    if is_first {
        Err(Fault::Network(1))
    } else {
        Ok(9)
    }
}

#[fallback(last_ok)]
async fn or_last(out: Result<u32, Fault>) -> Result<u32, Fault> {
    out
}

#[tokio::test(start_paused = true)]
async fn what_takes_the_place_of_an_error_is_a_fallback() {
    let _alone = alone();
    assert_eq!(or_other(Ok(1), async { Ok(2) }).await, Ok(1));
    assert_eq!(or_other(Err(Fault::Final), async { Ok(2) }).await, Ok(2));
    // A fallback that fails in its turn has taken no place.
    let failed = or_other(Err(Fault::Final), async { Err(Fault::Http(500)) }).await;
    assert_eq!(failed, Err(Fault::Http(500)));
    let seen = of(here!(or_other));
    assert_eq!(outcomes(&seen), [("ok", 1), ("error", 1), ("fallback", 1)]);
    assert_eq!((seen.attempts, seen.retries), (5, 2));
    // And an attempt after one that fell back is what it is.
    let first = std::sync::Once::new();
    assert_eq!(retried_or_other(&first, vec![]).await, Ok(9));
    assert_eq!(
        retried_or_other(&std::sync::Once::new(), vec![3]).await,
        Ok(3)
    );
    assert_eq!(
        outcomes(&of(here!(retried_or_other))),
        [("ok", 1), ("fallback", 1)]
    );
    assert_eq!(or_last(Ok(4)).await, Ok(4));
    assert_eq!(or_last(Err(Fault::Final)).await, Ok(4));
    assert_eq!(outcomes(&of(here!(or_last))), [("ok", 1), ("fallback", 1)]);
}

#[retry(max = 3, delays = [1h])]
async fn waits() -> Result<u32, Fault> {
    Err(Fault::Network(1))
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_ended_from_outside_is_cancelled() {
    let _alone = alone();
    let token = CancellationToken::new();
    let cancel = async {
        sleep(ms(10)).await;
        token.cancel();
    };
    let (out, ()) = tokio::join!(cancel_scope(token.clone(), waits()), cancel);
    // The last real error is what the caller gets.
    assert_eq!(out, Err(Fault::Network(1)));
    assert_eq!(outcomes(&of(here!(waits))), [("cancelled", 1)]);
}

#[retry(max = 3, delays = [1s, 1s])]
async fn polled(polls: u32) -> Result<u32, Fault> {
    for _ in 0..polls {
        tokio::task::yield_now().await;
    }
    Err(Fault::Network(1))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_at_any_poll_is_dropped() {
    let _alone = alone();
    // Never polled, it has not begun.
    drop(polled(0));
    for polls in 0..4 {
        let mut call = Box::pin(polled(polls));
        for _ in 0..=polls {
            assert!(poll_once(call.as_mut()).await.is_pending());
        }
        let seen = super::all_of(here!(polled));
        assert_eq!(
            (seen.in_flight, seen.since_start.dropped),
            (1, polls.into())
        );
        drop(call);
    }
    let seen = super::all_of(here!(polled));
    assert_eq!(seen.in_flight, 0);
    assert_eq!(outcomes(&seen.since_start), [("dropped", 4)]);
}

#[retry(max = 3, delays = [1s])]
async fn panics() -> Result<u32, Fault> {
    tokio::task::yield_now().await;
    panic!("the body")
}

#[fallback(|error| panic!("no other: {error}"))]
async fn panics_in_the_fallback() -> Result<u32, Fault> {
    Err(Fault::Final)
}

#[retry(max = 3)]
fn panics_blocking() -> Result<u32, Fault> {
    panic!("the body")
}

/// Whether a task of this call panics.
async fn is_panic(call: impl Future<Output = Result<u32, Fault>> + Send + 'static) -> bool {
    tokio::spawn(call)
        .await
        .is_err_and(|error| error.is_panic())
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_users_code_is_a_panic_and_one_of_the_callers_is_not() {
    let _alone = alone();
    assert!(is_panic(panics()).await);
    assert!(is_panic(panics_in_the_fallback()).await);
    assert!(std::panic::catch_unwind(panics_blocking).is_err());
    let of_caller = async {
        let mut call = Box::pin(panics());
        assert!(poll_once(call.as_mut()).await.is_pending());
        panic!("the caller")
    };
    assert!(is_panic(of_caller).await);
    let seen = of(here!(panics));
    assert_eq!(outcomes(&seen), [("dropped", 1), ("panicked", 1)]);
    let seen = of(here!(panics_in_the_fallback));
    assert_eq!(outcomes(&seen), [("panicked", 1)]);
    assert_eq!(outcomes(&of(here!(panics_blocking))), [("panicked", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_time_is_from_the_first_poll_to_the_outcome() {
    #[retry(max = 3, delays = [100ms, 200ms])]
    async fn slow() -> Result<u32, Fault> {
        sleep(Duration::from_millis(10)).await;
        Err(Fault::Network(1))
    }
    let _alone = alone();
    let call = slow();
    sleep(Duration::from_secs(5)).await;
    assert!(call.await.is_err());
    let seen = of(here!(slow));
    assert_eq!((seen.mean, seen.max), (ms(330), ms(330)));
}
