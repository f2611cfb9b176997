//! What policies do in a call.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use resil::{hedge, retry, timeout};
use tokio::time::sleep;

use super::support::{Fault, ms};
use super::{alone, here, of, outcomes};

#[hedge(after = 50ms, max = 3)]
async fn copies(runs: &AtomicU32, first: u64, others: u64) -> Result<u32, Fault> {
    let n = runs.fetch_add(1, SeqCst);
    sleep(ms(if n == 0 { first } else { others })).await;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn copies_are_attempts_and_those_that_won_are_counted() {
    let _alone = alone();
    assert_eq!(copies(&AtomicU32::new(0), 10, 10).await, Ok(0));
    // The second copy wins, then the first one, after a second copy was started.
    assert_eq!(copies(&AtomicU32::new(0), 1_000, 10).await, Ok(1));
    assert_eq!(copies(&AtomicU32::new(0), 60, 1_000).await, Ok(0));
    let seen = of(here!(copies));
    assert_eq!(outcomes(&seen), [("ok", 3)]);
    assert_eq!((seen.attempts, seen.hedges, seen.hedges_won), (5, 2, 1));
    assert_eq!(seen.retries, 0);
}

#[retry(max = 4, delays = [10ms])]
#[timeout(1s)]
async fn tries(runs: &AtomicU32, good: u32) -> Result<u32, Fault> {
    let n = runs.fetch_add(1, SeqCst) + 1;
    if n >= good {
        Ok(n)
    } else {
        Err(Fault::Network(n))
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_attempts_after_failed_ones() {
    let _alone = alone();
    for good in 1..=5 {
        let _ = tries(&AtomicU32::new(0), good).await;
    }
    let seen = of(here!(tries));
    assert_eq!(outcomes(&seen), [("ok", 4), ("error", 1)]);
    // 1 + 2 + 3 + 4 + 4 attempts
    assert_eq!((seen.attempts, seen.retries), (14, 9));
}

#[retry(max = 2, delays = [10ms])]
async fn outer(runs: &AtomicU32) -> Result<u32, Fault> {
    inner(runs).await
}

#[retry(max = 2, delays = [10ms])]
async fn inner(runs: &AtomicU32) -> Result<u32, Fault> {
    let n = runs.fetch_add(1, SeqCst);
    if n == 3 {
        Ok(n)
    } else {
        Err(Fault::Network(n))
    }
}

#[retry(max = 2, delays = [10ms])]
async fn down(n: u32) -> Result<u32, Fault> {
    if n == 0 {
        return Ok(0);
    }
    Box::pin(down(n - 1)).await.map(|sum| sum + n)
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_a_call_is_one_of_its_own() {
    let _alone = alone();
    assert_eq!(outer(&AtomicU32::new(0)).await, Ok(3));
    let (outer, inner) = (of(here!(outer)), of(here!(inner)));
    assert_eq!((outer.calls, outer.attempts, outer.retries), (1, 2, 1));
    assert_eq!((inner.calls, inner.attempts, inner.retries), (2, 4, 2));
    assert_eq!(outcomes(&inner), [("ok", 1), ("error", 1)]);
    assert_eq!(down(4).await, Ok(10));
    let seen = of(here!(down));
    assert_eq!((seen.calls, seen.ok, seen.attempts), (5, 5, 5));
}
