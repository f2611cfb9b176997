//! A million calls: the counts add up over eight tasks, and a counted window of 10,000 is exact with
//! one and loses nothing with eight; a million keys stay under their bound.
//!
//! On real threads and so on the real clock: nothing here waits for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resil_runtime::circuit::{CircuitPolicy, CircuitState, Window};
use resil_runtime::{Breaker, breaker};

const CALLS: u64 = 1_000_000;
const TASKS: u64 = 8;

/// A rate that is never reached: all of so many calls would have to fail.
fn never(window: Window) -> CircuitPolicy {
    CircuitPolicy::new().failure_rate(1.0).window(window)
}

fn made(name: &str, policy: CircuitPolicy) -> Breaker {
    let b = breaker(name);
    assert!(b.configure(policy));
    b
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Success,
    Failure,
    Drop,
}

/// 30 % failures, 10 % drops, in an order without a pattern; exactly so many of each ten.
fn end(n: u64) -> End {
    let place = (n / 10).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    match (n + place) % 10 {
        0..3 => End::Failure,
        3 => End::Drop,
        _ => End::Success,
    }
}

fn call(b: Breaker, end: End) {
    let permit = b.try_acquire().expect("it never opens");
    match end {
        End::Success => permit.success(),
        End::Failure => permit.failure(),
        End::Drop => drop(permit),
    }
}

async fn eight_tasks(b: Breaker) {
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Relaxed);
                    if n >= CALLS {
                        break;
                    }
                    call(b, end(n));
                    if n.is_multiple_of(1_000) {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn over_eight_tasks_the_counts_add_up() {
    let hour = Window::Time(Duration::from_secs(3_600));
    let b = made("million.time", never(hour).min_calls(u32::MAX));
    eight_tasks(b).await;
    let counts = b.counts();
    assert_eq!(
        (counts.calls, counts.failures),
        (CALLS / 10 * 9, CALLS / 10 * 3)
    );
    assert_eq!(b.state(), CircuitState::Closed);
}

#[test]
fn a_counted_window_of_ten_thousand_is_exact_with_one_task() {
    let b = made("million.exact", never(Window::Calls(10_000)));
    let (mut window, mut failures) = (VecDeque::new(), 0);
    for n in 0..CALLS {
        let end = end(n);
        call(b, end);
        if end != End::Drop {
            window.push_back(end);
            failures += u64::from(end == End::Failure);
        }
        if window.len() > 10_000 {
            failures -= u64::from(window.pop_front() == Some(End::Failure));
        }
        let counts = b.counts();
        assert_eq!(
            (counts.calls, counts.failures),
            (window.len() as u64, failures),
            "call {n}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_counted_window_of_ten_thousand_loses_no_count_with_eight_tasks() {
    let b = made("million.shared", never(Window::Calls(10_000)));
    for _ in 0..3 {
        eight_tasks(b).await;
        let storm = b.counts();
        assert_eq!(storm.calls, 10_000);
        // Of 10,000 calls that are about the last ones, a third failed.
        assert!((3_000..3_700).contains(&storm.failures), "{storm:?}");
        // A count that was lost or doubled would stay in it for ever.
        for n in 0..10_000 {
            call(
                b,
                if n % 4 == 0 {
                    End::Failure
                } else {
                    End::Success
                },
            );
        }
        assert_eq!((b.counts().calls, b.counts().failures), (10_000, 2_500));
        for _ in 0..10_000 {
            call(b, End::Success);
        }
        assert_eq!((b.counts().calls, b.counts().failures), (10_000, 0));
    }
}

/// Q16 and D16: memory does not grow with the keys, and what is known of those that are down is not
/// lost in the flood.
#[test]
fn d16_q16_a_million_keys_stay_under_the_bound() {
    let policy = CircuitPolicy::new().failures(1).max_keys(10_000);
    let b = made("million.keys", policy.open_for(Duration::from_secs(86_400)));
    let is_down = |n: u64| n.is_multiple_of(1_000);
    for n in 0..CALLS {
        let permit = b.key(n).try_acquire().expect("each is new");
        if is_down(n) {
            permit.failure();
        } else {
            permit.success();
        }
        if n.is_multiple_of(100_000) {
            assert!(b.keys().len() <= 10_000);
        }
    }
    let keys = b.keys();
    assert!(keys.len() <= 10_000, "{}", keys.len());
    assert_eq!(
        keys.iter()
            .filter(|k| k.state() == CircuitState::Open)
            .count(),
        1_000
    );
    for n in (0..CALLS).filter(|n| is_down(*n)) {
        assert!(
            b.key(n).try_acquire().is_err(),
            "{n} is down, and was forgotten"
        );
    }
}
