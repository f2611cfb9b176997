//! Calls that are dropped, at every point, and calls that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use resil::{circuit, hedge, idempotent, retry, timeout};
use tokio::task::yield_now;
use tracing::info;

use super::collect::Collected;
use super::support::{Fault, ms};

type Answer = Result<u32, Fault>;

/// Tells on which span it is dropped.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        info!(name: "guard", "dropped");
    }
}

#[idempotent(key = k)]
#[circuit(name = "tracing-drops")]
#[retry(constant, max = 3, base = 1ms, jitter = none)]
#[hedge(after = 1ms)]
#[timeout(1s)]
async fn all(k: u32, attempts: &std::sync::atomic::AtomicU32) -> Answer {
    let _guard = Guard;
    for _ in 0..3 {
        tokio::time::sleep(ms(1)).await;
        yield_now().await;
    }
    match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 | 1 => Err(Fault::Network(1)),
        n => Ok(n),
    }
}

/// Polls a call `polls` times and drops it. Returns whether it was done.
async fn cut(polls: u32, k: u32, seen: &Collected) -> bool {
    let attempts = 0.into();
    let mut call = pin!(Some(all(k, &attempts)));
    let subscriber = seen.subscriber();
    for _ in 0..polls {
        let polled = tracing::dispatcher::with_default(&subscriber, || {
            let mut cx = Context::from_waker(Waker::noop());
            call.as_mut().as_pin_mut().unwrap().poll(&mut cx)
        });
        if polled.is_ready() {
            return true;
        }
        tokio::time::advance(ms(1)).await;
    }
    if polls.is_multiple_of(2) {
        // Here no subscriber is in force. The spans know theirs.
        call.set(None);
    } else {
        tracing::dispatcher::with_default(&subscriber, || call.set(None));
    }
    false
}

#[tokio::test(start_paused = true)]
async fn at_every_poll_all_spans_are_closed() {
    let mut polls = 0;
    loop {
        let seen = Collected::default();
        let is_done = cut(polls, polls, &seen).await;
        seen.all_are_closed();
        let outcomes: Vec<_> = {
            let calls = seen.spans("resil.call");
            calls.iter().map(|c| c.get("outcome").to_owned()).collect()
        };
        match (polls, is_done) {
            (0, _) => assert!(outcomes.is_empty(), "nothing has begun"),
            (_, false) => assert_eq!(outcomes, ["dropped"], "after {polls} polls"),
            (_, true) => assert_eq!(outcomes, ["ok"]),
        }
        for attempt in seen.spans("resil.attempt") {
            let outcome = attempt.get("outcome");
            assert!(["ok", "error", "dropped"].contains(&outcome), "{attempt:?}");
            let is_hedge = attempt.get("policy") == "hedge";
            assert!(is_hedge || attempt.get("policy").is_empty(), "{attempt:?}");
        }
        if is_done {
            break;
        }
        polls += 1;
    }
    assert!(polls > 10, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn what_the_body_drops_is_inside_the_attempt() {
    let seen = Collected::default();
    #[timeout(5ms)]
    async fn late() -> Answer {
        let _guard = Guard;
        std::future::pending().await
    }
    seen.over(late()).await.unwrap_err();
    assert_eq!(
        seen.tree(),
        "\
resil.call timeout
  resil.attempt timeout
    - guard
  - resil.timeout
"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_tells_below_its_span_though_no_subscriber_is_in_force() {
    let seen = Collected::default();
    #[retry(constant, max = 3, base = 1s, jitter = none)]
    async fn fails() -> Answer {
        Err(Fault::Network(1))
    }
    let late = tokio::time::timeout(ms(100), seen.over(fails()));
    assert!(late.await.is_err());
    assert_eq!(
        seen.tree(),
        "\
resil.call dropped
  resil.attempt error
  - resil.retry
  - resil.retry.stopped
"
    );
    assert_eq!(
        seen.events("resil.retry.stopped")[0].get("reason"),
        "cancelled"
    );
    let call = &seen.spans("resil.call")[0];
    assert_eq!((call.get("error.type"), call.get("attempts")), ("", "1"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_closes_the_spans() {
    #[retry(constant, max = 3)]
    #[timeout(1s)]
    async fn panics(polls: u32) -> Answer {
        let _guard = Guard;
        for _ in 0..polls {
            yield_now().await;
        }
        panic!("{}", "the body's");
    }
    for polls in 0..3 {
        let seen = Collected::default();
        let mut call = Box::pin(seen.over(panics(polls)));
        let unwound = std::future::poll_fn(|cx| {
            match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(_)) => Poll::Ready(false),
                Err(_) => Poll::Ready(true),
            }
        });
        assert!(unwound.await);
        drop(call);
        assert_eq!(
            seen.tree(),
            "\
resil.call panicked
  resil.attempt panicked
    - guard
"
        );
        seen.all_are_closed();
        for span in &seen.all().spans {
            assert_eq!(
                (span.get("error.type"), span.get("otel.status_code")),
                ("panic", "ERROR")
            );
        }
    }
}

/// Copies beside one that panics are dropped, and did not panic.
#[tokio::test(start_paused = true)]
async fn a_copy_beside_one_that_panics_was_dropped() {
    #[hedge(after = 1ms)]
    async fn copies(n: &std::sync::atomic::AtomicU32) -> Answer {
        match n.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => std::future::pending().await,
            _ => panic!("{}", "the second copy"),
        }
    }
    let seen = Collected::default();
    let call = seen.over(async { copies(&0.into()).await });
    let unwound = tokio::spawn(call).await;
    assert!(unwound.unwrap_err().is_panic());
    assert_eq!(
        seen.tree(),
        "\
resil.call panicked
  resil.attempt dropped
  resil.attempt panicked
  - resil.hedge.started
"
    );
    seen.all_are_closed();
}

/// The spans that are open are as many as the calls in flight.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_calls_that_are_over() {
    use resil::__private::for_tests::open_spans;
    let seen = Collected::default();
    #[retry(constant, max = 2, base = 1ms)]
    async fn fails(k: u32) -> Answer {
        if k.is_multiple_of(2) {
            yield_now().await;
        }
        Err(Fault::Network(k))
    }
    let subscriber = seen.subscriber();
    let before = open_spans();
    let _here = tracing::dispatcher::set_default(&subscriber);
    for k in 0..1_000 {
        let mut call = pin!(fails(k));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..k % 5 {
            let _ = call.as_mut().poll(&mut cx);
        }
    }
    // Other tests of this process have calls in flight too, but not so many.
    assert!(open_spans() < before + 100);
    seen.all_are_closed();
}
