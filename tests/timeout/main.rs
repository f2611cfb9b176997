//! LANGUAGE.md, section 4, rule by rule, on paused time: what bounds what, and which deadline is
//! seen where.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and are no public crate"
)]

mod deadline;
mod elsewhere;
#[path = "../support/mod.rs"]
mod support;

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil::event::Event;
use resil::{Deadline, Error, retry, timeout};
use support::{Events, Fault, Record, ms};
use tokio::time::{Instant, sleep};

fn left() -> Option<u64> {
    Deadline::current().map(|d| u64::try_from(d.remaining().as_millis()).unwrap())
}

fn is_timeout<T: std::fmt::Debug>(out: &Result<T, Error>, limit: Duration) -> bool {
    matches!(out, Err(Error::Timeout { limit: l, .. }) if *l == limit)
}

#[timeout(1s)]
async fn one_second(takes: Duration) -> Result<u32, Error> {
    sleep(takes).await;
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn it_bounds_what_is_inside() {
    let r = Record::new();
    assert_eq!(one_second(ms(999)).await, Ok(7));
    let out = one_second(ms(1_001)).await;
    assert!(is_timeout(&out, ms(1_000)), "{out:?}");
    assert_eq!(r.elapsed(), 999 + 1_000);
    let Err(Error::Timeout { function, .. }) = out else {
        unreachable!()
    };
    assert!(function.ends_with("timeout::one_second"), "{function}");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_ready_when_the_limit_passes_is_returned() {
    assert_eq!(one_second(ms(1_000)).await, Ok(7));
    // Woken late, with the limit long past: the body is asked first.
    let call = one_second(ms(500));
    let mut call = pin!(call);
    assert!(futures_poll(call.as_mut()).await.is_pending());
    tokio::time::advance(ms(5_000)).await;
    assert_eq!(futures_poll(call.as_mut()).await, Poll::Ready(Ok(7)));
}

/// One poll, with a waker that goes nowhere.
async fn futures_poll<F: Future + ?Sized>(mut f: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(f.as_mut().poll(cx))).await
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_is_dropped_where_it_stands() {
    struct Dropped(Arc<std::sync::atomic::AtomicU32>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    #[timeout(1s)]
    async fn f(d: Dropped) -> Result<(), Error> {
        let _held = d;
        pending().await
    }
    let n = Arc::default();
    assert!(f(Dropped(Arc::clone(&n))).await.is_err());
    assert_eq!(n.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_at_once_needs_no_runtime() {
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        #[timeout(1s)]
        async fn ready() -> Result<u8, Error> {
            Ok(3)
        }
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        tx.send(matches!(pin!(ready()).poll(&mut cx), Poll::Ready(Ok(3))))
            .unwrap();
    })
    .join()
    .unwrap();
    assert!(rx.recv().unwrap());
}

const LIMIT: Duration = Duration::from_millis(300);
struct Service {
    limit: Duration,
}
impl Service {
    const LIMIT: Duration = Duration::from_millis(400);
    #[timeout(self.limit)]
    async fn own(&self) -> Result<(), Error> {
        pending().await
    }
    #[timeout(Self::LIMIT)]
    async fn associated(&self) -> Result<(), Error> {
        pending().await
    }
}
#[timeout(LIMIT)]
async fn constant() -> Result<(), Error> {
    pending().await
}
#[timeout(const { Duration::from_millis(2 * 250) })]
async fn const_block() -> Result<(), Error> {
    pending().await
}
#[timeout(limit * 2)]
async fn argument(limit: Duration) -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn durations_of_every_kind() {
    for (out, took) in [
        (took(constant()).await, 300),
        (took(const_block()).await, 500),
        (took(argument(ms(70))).await, 140),
        (took(argument(Duration::ZERO)).await, 0),
        (took(Service { limit: ms(90) }.own()).await, 90),
        (took(Service { limit: ms(90) }.associated()).await, 400),
    ] {
        assert_eq!(out, took);
    }
}

async fn took(f: impl Future<Output = Result<(), Error>>) -> u64 {
    let r = Record::new();
    assert!(matches!(f.await, Err(Error::Timeout { .. })));
    r.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_limit_out_of_all_bounds_does_not_panic() {
    #[timeout(limit)]
    async fn f(limit: Duration) -> Result<Option<u64>, Error> {
        tokio::task::yield_now().await;
        Ok(left().map(|l| l / 1_000))
    }
    assert!(f(Duration::MAX).await.unwrap().unwrap() > 86_400 * 365);
}

#[tokio::test(start_paused = true)]
async fn a_limit_already_past_on_entry_still_polls_once() {
    #[timeout(1s)]
    async fn f(ready: bool, polled: &std::cell::Cell<u32>) -> Result<(), Error> {
        polled.set(polled.get() + 1);
        if ready { Ok(()) } else { pending().await }
    }
    let past = Deadline::at(Instant::now());
    tokio::time::advance(ms(10)).await;
    let polled = std::cell::Cell::new(0);
    assert_eq!(past.scope(f(true, &polled)).await, Ok(()));
    assert!(past.scope(f(false, &polled)).await.is_err());
    assert_eq!(polled.get(), 2);
}

// In the stack.

#[tokio::test(start_paused = true)]
async fn above_retry_it_bounds_the_whole_below_it_each_attempt() {
    #[timeout(1s)]
    #[retry(constant, max = 9, base = 100ms, jitter = none)]
    #[timeout(300ms)]
    async fn f(r: &Record) -> Result<(), Error> {
        r.attempt();
        pending().await
    }
    let events = Events::of("above_retry_it_bounds_the_whole_below_it_each_attempt::f");
    let _ = events;
    let r = Record::new();
    let out = f(&r).await;
    // 0–300, 400–700, 800–: cut at 1 s by the outer one.
    assert_eq!((r.times(), r.elapsed()), (vec![0, 400, 800], 1_000));
    assert!(is_timeout(&out, ms(1_000)), "{out:?}");
}

#[tokio::test(start_paused = true)]
async fn l07_outer_and_inner_timeouts() {
    #[timeout(500ms)]
    #[retry(constant, max = 10, base = 1ms, jitter = none)]
    #[timeout(100ms)]
    async fn outer_fires(r: &Record) -> Result<(), Error> {
        r.attempt();
        sleep(ms(150)).await;
        Ok(())
    }
    #[timeout(500ms)]
    #[timeout(100ms)]
    async fn inner_fires(r: &Record) -> Result<(), Error> {
        r.attempt();
        pending().await
    }
    let r = Record::new();
    assert!(is_timeout(&outer_fires(&r).await, ms(500)));
    assert!(r.count() >= 3);
    let r = Record::new();
    assert!(is_timeout(&inner_fires(&r).await, ms(100)));
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_firing_is_an_event() {
    #[timeout(20ms)]
    async fn fires() -> Result<(), Fault> {
        pending().await
    }
    let events = Events::of("timeout::every_firing_is_an_event::fires");
    let other = Events::of("timeout::fires");
    let _ = fires().await;
    let seen = [events.all(), other.all()].concat();
    assert!(
        seen.iter()
            .any(|e| matches!(e, Event::TimedOut { limit, .. } if *limit == ms(20))),
        "{seen:?}"
    );
}
