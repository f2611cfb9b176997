//! Hedged calls by hand, on paused time.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod model;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::sleep;

use super::future::hedge;
use super::site::HedgeSite;
use super::verdict::judge;
use super::{HedgeAfter, HedgePolicy};
use crate::call::{CallState, Failure, Outcome, Site};
use crate::classify::Class;
use crate::clock::{self, Instant};
use crate::error::Refusal;

type Out = Outcome<u32, &'static str, Refusal>;

const AFTER: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(50)));

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn site() -> &'static HedgeSite {
    static AT: Site = Site::new("hedge.tests", 1);
    Box::leak(Box::new(HedgeSite::new(&AT)))
}

/// Calls of one site with a policy, and when their copies were started.
struct Calls {
    site: &'static HedgeSite,
    policy: &'static HedgePolicy,
    began: Cell<Instant>,
    started: RefCell<Vec<Duration>>,
}

impl Calls {
    fn new(policy: HedgePolicy) -> Self {
        Self {
            site: site(),
            policy: Box::leak(Box::new(policy)),
            began: Cell::new(clock::now()),
            started: RefCell::default(),
        }
    }

    /// Calls once. `body` is given the number of the copy, from 1.
    async fn call<F: Future<Output = Result<u32, &'static str>>>(
        &self,
        body: impl Fn(usize) -> F,
    ) -> (Result<u32, &'static str>, Duration) {
        self.began.set(clock::now());
        self.started.borrow_mut().clear();
        let call = CallState::new();
        let out: Out = hedge(self.site, self.policy, &call, || async {
            let number = {
                let mut started = self.started.borrow_mut();
                started.push(self.began.get().elapsed());
                started.len()
            };
            let out = body(number).await.map_err(Failure::Body);
            judge(out, |error| match *error {
                "final" => Some(Class::Permanent),
                _ => None,
            })
        })
        .await;
        let out = out.map_err(|failure| match failure {
            Failure::Body(error) => error,
            other => unreachable!("{other:?}"),
        });
        (out, self.began.get().elapsed())
    }

    fn started(&self) -> Vec<u64> {
        let started = self.started.borrow();
        let millis = started.iter().map(Duration::as_millis);
        millis.map(|ms| u64::try_from(ms).unwrap()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_wins() {
    let calls = Calls::new(AFTER.max(3));
    let body = |n| async move {
        sleep(ms([500, 500, 5][n - 1])).await;
        Ok(u32::try_from(n).unwrap())
    };
    let (out, took) = calls.call(body).await;
    assert_eq!((out, took), (Ok(3), ms(105)));
    assert_eq!(calls.started(), [0, 50, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_ready_with_the_timer_needs_no_other() {
    let calls = Calls::new(AFTER);
    let (out, _) = calls
        .call(|_| async {
            sleep(ms(50)).await;
            Ok(1)
        })
        .await;
    assert_eq!(out, Ok(1));
    assert_eq!(calls.started(), [0]);
}

#[tokio::test(start_paused = true)]
async fn an_error_starts_the_next_copy_at_once_and_the_delay_anew() {
    let calls = Calls::new(AFTER.max(4));
    let body = |n| async move {
        sleep(ms(20)).await;
        match n {
            1 => Err("once"),
            2 => pending().await,
            3 => Err("again"),
            _ => Ok(4),
        }
    };
    let (out, took) = calls.call(body).await;
    assert_eq!((out, took), (Ok(4), ms(110)));
    assert_eq!(calls.started(), [0, 20, 70, 90]);
}

#[tokio::test(start_paused = true)]
async fn when_all_have_failed_the_last_error_comes_back() {
    let calls = Calls::new(AFTER.max(3));
    let body = |n| async move {
        sleep(ms(60)).await;
        Err(["one", "two", "three"][n - 1])
    };
    let (out, took) = calls.call(body).await;
    // 50: the second by time. 60: the third, as the first failed.
    assert_eq!(calls.started(), [0, 50, 60]);
    assert_eq!((out, took), (Err("three"), ms(120)));
}

#[tokio::test(start_paused = true)]
async fn a_final_error_ends_the_call() {
    let calls = Calls::new(AFTER);
    let body = |n| async move {
        match n {
            1 => pending().await,
            _ => Err("final"),
        }
    };
    let (out, took) = calls.call(body).await;
    assert_eq!((out, took), (Err("final"), ms(50)));
}

#[tokio::test(start_paused = true)]
async fn without_budget_the_error_of_the_only_copy_comes_back() {
    let calls = Calls::new(AFTER);
    for n in 1..=30 {
        let (out, _) = calls.call(|_| async { Err("no") }).await;
        assert_eq!(out, Err("no"));
        let copies = calls.started().len();
        // Ten at once; each call gives a tenth, the first to a full budget.
        assert_eq!(copies == 2, n <= 11 || n == 21, "call {n}: {copies}");
    }
}

#[tokio::test(start_paused = true)]
async fn errors_at_once_start_all_copies_in_one_poll() {
    let calls = Calls::new(AFTER.max(16).no_budget());
    let body = |n| async move { if n < 16 { Err("no") } else { Ok(16) } };
    let (out, took) = calls.call(body).await;
    assert_eq!((out, took), (Ok(16), ms(0)));
}

/// A copy wakes the task with the waker that it was polled with last.
#[tokio::test(start_paused = true)]
async fn each_copy_can_wake_the_task() {
    for wakes in 1..=3 {
        let calls = Calls::new(AFTER.max(3).no_budget());
        let notify: Vec<_> = (0..3).map(|_| tokio::sync::Notify::new()).collect();
        let call = calls.call(|n| {
            let notify = &notify[n - 1];
            async move {
                notify.notified().await;
                Ok(u32::try_from(n).unwrap())
            }
        });
        let wake = async {
            sleep(ms(1_000)).await;
            notify[wakes - 1].notify_one();
            pending::<()>().await;
        };
        tokio::select! {
            (out, took) = call => assert_eq!((out, took), (Ok(u32::try_from(wakes).unwrap()), ms(1_000))),
            () = wake => {}
        }
    }
}

/// The body asks tokio for so much that the task's budget is spent in each poll.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_always_ready_does_not_hold_up_the_timer() {
    let calls = Calls::new(AFTER);
    let busy = async {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    };
    let busy = RefCell::new(Some(Box::pin(busy)));
    let body = |n| {
        let busy = if n == 1 {
            busy.borrow_mut().take()
        } else {
            None
        };
        async move {
            match busy {
                Some(busy) => busy.await,
                None => Ok(2),
            }
        }
    };
    let late = async {
        // A clock that stands still as long as a task is busy.
        for _ in 0..100 {
            tokio::time::advance(ms(1)).await;
        }
        pending::<()>().await;
    };
    tokio::select! {
        (out, _) = calls.call(body) => assert_eq!(out, Ok(2)),
        () = late => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_percentile_starts_nothing_until_a_hundred_have_come() {
    let calls = Calls::new(HedgePolicy::new(HedgeAfter::percentile(95.0)).no_budget());
    let quick = |_| async {
        sleep(ms(10)).await;
        Ok(1)
    };
    let slow = |n| async move {
        sleep(ms([1_000, 10][n - 1])).await;
        Ok(1)
    };
    for n in 1..100 {
        let _ = calls.call(quick).await;
        assert_eq!(calls.started(), [0], "{n}");
    }
    let (_, took) = calls.call(slow).await;
    assert_eq!(took, ms(1_000), "99 have come");
    let (_, took) = calls.call(slow).await;
    assert!(took <= ms(22), "{took:?}");
    assert_eq!(calls.started().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_default_says_when_until_then() {
    let after = HedgeAfter::percentile(50.0).or(ms(30));
    let calls = Calls::new(HedgePolicy::new(after).no_budget());
    let slow = |n| async move {
        sleep(ms([1_000, 10][n - 1])).await;
        Ok(1)
    };
    let (_, took) = calls.call(slow).await;
    assert_eq!(took, ms(40));
}

/// Only calls that answer after their first poll read the clock.
#[tokio::test(start_paused = true)]
async fn calls_that_are_ready_at_once_count_too() {
    let calls = Calls::new(HedgePolicy::new(HedgeAfter::percentile(95.0)).no_budget());
    for _ in 0..100 {
        let _ = calls.call(|_| async { Ok(1) }).await;
    }
    let known = calls.site.delay(calls.policy).expect("a percentile");
    assert!(known < ms(1), "{known:?}");
}

#[tokio::test(start_paused = true)]
async fn errors_are_no_latencies() {
    let calls = Calls::new(HedgePolicy::new(HedgeAfter::percentile(95.0)));
    for _ in 0..200 {
        let _ = calls.call(|_| async { Err("final") }).await;
    }
    assert_eq!(calls.site.delay(calls.policy), None);
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_zero_starts_all_copies_at_once() {
    let calls = Calls::new(HedgePolicy::new(HedgeAfter::Delay(ms(0))).max(4));
    let body = |n| async move {
        sleep(ms([40, 30, 20, 10][n - 1])).await;
        Ok(u32::try_from(n).unwrap())
    };
    assert_eq!(calls.call(body).await, (Ok(4), ms(10)));
    assert_eq!(calls.started(), [0, 0, 0, 0]);
}

#[test]
fn settings_out_of_range_are_clamped() {
    assert_eq!(AFTER.max(0), AFTER.max(2));
    assert_eq!(AFTER.max(1_000), AFTER.max(16));
    assert_eq!(AFTER.budget(7.0), AFTER.budget(1.0));
    assert_eq!(AFTER.budget(f64::NAN), AFTER.budget(0.0));
    assert_eq!(HedgeAfter::percentile(1.0), HedgeAfter::percentile(50.0));
    assert_eq!(
        HedgeAfter::percentile(f64::NAN),
        HedgeAfter::percentile(50.0)
    );
    assert_eq!(HedgeAfter::percentile(100.0), HedgeAfter::percentile(99.9));
    assert_eq!(HedgeAfter::Delay(ms(1)).or(ms(2)), HedgeAfter::Delay(ms(1)));
}

/// No timer and no clock: it works outside of a runtime.
#[test]
fn a_first_copy_that_is_ready_makes_no_timer() {
    let call = CallState::new();
    let policy: &'static HedgePolicy = Box::leak(Box::new(AFTER));
    let mut call = pin!(hedge(site(), policy, &call, || async {
        let out: Out = Ok(1);
        judge(out, |_| None)
    }));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(1))));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_one_copy_is_that_copys_alone() {
    struct Held<'a>(&'a CallState, &'a RefCell<Vec<(usize, bool)>>, usize);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.1.borrow_mut().push((self.2, self.0.panicked()));
        }
    }
    for panics in 1..=3 {
        let (state, seen, number) = (CallState::new(), RefCell::default(), Cell::new(0));
        let policy: &'static HedgePolicy = Box::leak(Box::new(AFTER.max(3)));
        let call = hedge(site(), policy, &state, || {
            number.set(number.get() + 1);
            let (number, held) = (number.get(), Held(&state, &seen, number.get()));
            async move {
                // The whole of it, and not the field that is used.
                let held = held;
                sleep(ms(200)).await;
                poll_fn(|_| {
                    held.0.asking(|| {
                        assert!(number != panics, "the body's own");
                        Poll::<()>::Pending
                    })
                })
                .await;
                let out: Out = Ok(1);
                judge(out, |_| None)
            }
        });
        let caught = panics_in(call).await;
        assert!(caught, "{panics}");
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        let expected: Vec<_> = (1..=3).map(|n| (n, n == panics)).collect();
        assert_eq!(seen, expected, "{panics}");
    }
}

/// Returns whether the future panics.
async fn panics_in(future: impl Future) -> bool {
    let mut future = Some(Box::pin(future));
    poll_fn(|cx| {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let polled = future.as_mut().map(|f| f.as_mut().poll(cx).is_ready());
            polled.unwrap_or(true)
        }));
        match polled {
            Ok(false) => Poll::Pending,
            Ok(true) => Poll::Ready(false),
            Err(_) => {
                future = None;
                Poll::Ready(true)
            }
        }
    })
    .await
}
