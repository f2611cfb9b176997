//! The metrics that functions have.

use std::future::pending;

use resil::{fallback, idempotent, retry, timeout};

use super::support::{Fault, poll_once};
use super::{here, scrape, value};

#[retry(max = 3, delays = [10ms])]
async fn fails(times: u32, runs: &mut u32) -> Result<u32, Fault> {
    *runs += 1;
    if *runs > times {
        Ok(*runs)
    } else {
        Err(Fault::Network(*runs))
    }
}

#[timeout(1s)]
async fn hangs() -> Result<u32, Fault> {
    pending().await
}

#[idempotent(key = key)]
async fn once(key: u32) -> Result<u32, resil::Error> {
    Ok(key)
}

#[fallback(Ok(3))]
async fn falls_back() -> Result<u32, Fault> {
    Err(Fault::Final)
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_by_function_and_outcome() {
    for times in 0..5 {
        let _ = fails(times, &mut 0).await;
    }
    assert!(hangs().await.is_err());
    for _ in 0..3 {
        assert_eq!(once(1).await.unwrap(), 1);
    }
    assert_eq!(falls_back().await, Ok(3));
    let mut flies = Box::pin(hangs());
    assert!(poll_once(flies.as_mut()).await.is_pending());
    let seen = scrape();
    let calls = |function, outcome| {
        let labels = [("function", function), ("outcome", outcome)];
        value(&seen, "resil_calls_total", &labels)
    };
    assert_eq!(calls(here!(fails), "ok"), Some(3.0), "{seen}");
    assert_eq!(calls(here!(fails), "error"), Some(2.0));
    for outcome in [
        "timeout",
        "refused",
        "replayed",
        "fallback",
        "cancelled",
        "dropped",
        "panicked",
    ] {
        assert_eq!(
            calls(here!(fails), outcome),
            Some(0.0),
            "series begin at zero"
        );
    }
    assert_eq!(calls(here!(hangs), "timeout"), Some(1.0));
    assert_eq!(calls(here!(once), "replayed"), Some(2.0));
    assert_eq!(calls(here!(falls_back), "fallback"), Some(1.0));

    let of = |name, function| value(&seen, name, &[("function", function)]);
    // 1 + 2 + 3 + 3 + 3
    assert_eq!(of("resil_attempts_total", here!(fails)), Some(12.0));
    assert_eq!(of("resil_timeouts_total", here!(hangs)), Some(1.0));
    assert_eq!(of("resil_replays_total", here!(once)), Some(2.0));
    assert_eq!(of("resil_in_flight", here!(hangs)), Some(1.0));
    assert_eq!(of("resil_in_flight", here!(fails)), Some(0.0));

    let stopped = |reason| {
        let labels = [("function", here!(fails)), ("reason", reason)];
        value(&seen, "resil_retries_stopped_total", &labels)
    };
    assert_eq!(stopped("exhausted"), Some(2.0));
    assert_eq!(stopped("budget"), Some(0.0));
    let other = [("function", here!(once)), ("reason", "budget")];
    assert_eq!(
        value(&seen, "resil_retries_stopped_total", &other),
        None,
        "it never retried"
    );
}

#[timeout(1h)]
async fn takes(millis: u64) -> Result<u64, Fault> {
    tokio::time::sleep(super::support::ms(millis)).await;
    Ok(millis)
}

#[tokio::test(start_paused = true)]
async fn times_are_a_histogram_in_seconds() {
    for millis in 1..=1_000 {
        takes(millis).await.unwrap();
    }
    let seen = scrape();
    let of = |name| value(&seen, name, &[("function", here!(takes))]).unwrap();
    assert!((of("resil_call_seconds_count") - 1_000.0).abs() < 0.1);
    let sum = of("resil_call_seconds_sum");
    assert!((sum / 500.5 - 1.0).abs() < 0.016, "{sum}");
    let labels = [("function", here!(takes)), ("quantile", "0.99")];
    let p99 = value(&seen, "resil_call_seconds", &labels).unwrap();
    assert!((p99 / 0.99 - 1.0).abs() < 0.02, "{p99}");
}
