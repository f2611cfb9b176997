//! The timers that calls have one after the other.
//!
//! Each timer of tokio's that is registered, and taken out again, locks the wheel that all threads of a runtime share,
//! twice: two thirds of a microsecond a call with two threads, and nearly no call comes to a limit. So a call that has
//! ended leaves its timer where it is, for the next call on the same thread. That one's limits are later, mostly; so a
//! timer rings too soon once in a while, and is set anew then.
//!
//! A timer wakes an [`Alarm`], which wakes the call that has it. So it is polled only where it was set or has rung, and
//! not in each poll of the call, and it keeps nothing of a call that has ended.

use std::cell::RefCell;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use resil_runtime::clock::{self, Instant, Sleep};
use tokio::runtime::{Handle, Id};
use tokio::task::coop;

/// How many timers a thread keeps, at most.
const KEPT: usize = 64;

thread_local! {
    /// The timers that no call has. They are of one runtime.
    static FREE: RefCell<Vec<AlarmClock>> = const { RefCell::new(Vec::new()) };
}

/// What a timer wakes.
#[derive(Debug, Default)]
struct Alarm {
    call: AtomicWaker,
    has_rung: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.call.wake();
    }
}

/// A timer that rings. A call has it alone.
#[derive(Debug)]
pub(super) struct AlarmClock {
    timer: Pin<Box<Sleep>>,
    alarm: Arc<Alarm>,
    runtime: Id,
}

impl AlarmClock {
    /// Returns one that rings at `due`, or sooner.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with the time driver.
    pub(super) fn ringing_by(due: Instant) -> Self {
        let runtime = Handle::current().id();
        let Some(mut kept) = take(runtime) else {
            return Self::new(due, runtime);
        };
        if kept.has_rung() || due < kept.timer.deadline() {
            kept.set(due);
        }
        kept
    }

    fn new(due: Instant, runtime: Id) -> Self {
        let mut new = Self {
            timer: Box::pin(clock::sleep_until(due)),
            alarm: Arc::default(),
            runtime,
        };
        new.listen();
        new
    }

    /// Keeps it for another call.
    pub(super) fn keep(self) {
        drop(self.alarm.call.take());
        // A thread that is ending keeps none.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            let fits = free.last().is_none_or(|one| one.runtime == self.runtime);
            if fits && free.len() < KEPT {
                free.push(self);
            }
        });
    }

    /// Waits until `due`, which may have moved since the last poll.
    pub(super) fn poll(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if due < self.timer.deadline() {
            self.set(due);
        }
        loop {
            self.alarm.call.register(cx.waker());
            if !self.has_rung() {
                return Poll::Pending;
            }
            if !self.timer.is_elapsed() {
                // It was still ringing from before it was set.
                self.listen();
            } else if self.timer.deadline() >= due {
                return Poll::Ready(());
            } else {
                self.set(due);
            }
        }
    }

    /// Returns whether it has rung since it was set.
    pub(super) fn has_rung(&self) -> bool {
        self.alarm.has_rung.load(Ordering::Acquire)
    }

    fn set(&mut self, due: Instant) {
        self.timer.as_mut().reset(due);
        self.listen();
    }

    /// Has the timer wake the alarm; where it is due already, the alarm rings.
    fn listen(&mut self) {
        self.alarm.has_rung.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(&self.alarm));
        let mut cx = Context::from_waker(&waker);
        // What spends tokio's budget in each poll would never come to its limit within it.
        let timer = pin!(coop::unconstrained(self.timer.as_mut()));
        if timer.poll(&mut cx).is_ready() {
            self.alarm.has_rung.store(true, Ordering::Release);
        }
    }
}

/// Returns a timer of that runtime which this thread has kept.
fn take(runtime: Id) -> Option<AlarmClock> {
    let of_another = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        match free.last() {
            Some(last) if last.runtime != runtime => Err(mem::take(&mut *free)),
            _ => Ok(free.pop()),
        }
    });
    of_another.ok()?.ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        let mut builder = Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    }

    fn free() -> usize {
        FREE.with_borrow(Vec::len)
    }

    fn after(ms: u64) -> Instant {
        clock::now() + Duration::from_millis(ms)
    }

    /// Waits, and returns how long it took, in milliseconds.
    async fn wait(clock: &mut AlarmClock, due: Instant) -> u128 {
        let began = clock::now();
        poll_fn(|cx| clock.poll(due, cx)).await;
        began.elapsed().as_millis()
    }

    async fn advance(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    /// On a thread of its own: none is kept there yet.
    fn alone(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn one_that_was_kept_rings_at_the_limit_of_the_next_call() {
        alone(|| {
            runtime().block_on(async {
                AlarmClock::ringing_by(after(1_000)).keep();
                advance(400).await;
                let due = after(1_000);
                let mut kept = AlarmClock::ringing_by(due);
                assert_eq!(free(), 0, "it is the one");
                assert!(kept.timer.deadline() < due, "it was not set anew");
                assert_eq!(wait(&mut kept, due).await, 1_000);
                kept.keep();
                // It has rung.
                let mut kept = AlarmClock::ringing_by(after(50));
                assert_eq!(wait(&mut kept, after(50)).await, 50);
                kept.keep();
                AlarmClock::ringing_by(after(5_000)).keep();
                let mut kept = AlarmClock::ringing_by(after(10));
                assert_eq!(wait(&mut kept, after(10)).await, 10, "it was for later");
            });
        });
    }

    #[test]
    fn a_limit_that_moves_is_kept_to() {
        alone(|| {
            runtime().block_on(async {
                let mut clock = AlarmClock::ringing_by(after(100));
                assert_eq!(wait(&mut clock, after(300)).await, 300);
                assert_eq!(wait(&mut clock, after(300)).await, 300);
                let polled = poll_fn(|cx| Poll::Ready(clock.poll(after(500), cx))).await;
                assert_eq!(polled, Poll::Pending);
                assert_eq!(wait(&mut clock, after(20)).await, 20);
                assert_eq!(wait(&mut clock, after(0)).await, 0);
            });
        });
    }

    #[test]
    fn one_that_was_kept_holds_nothing_of_the_call_before() {
        struct Nobody;
        impl Wake for Nobody {
            fn wake(self: Arc<Self>) {}
        }
        alone(|| {
            runtime().block_on(async {
                let call = Arc::new(Nobody);
                let waker = Waker::from(Arc::clone(&call));
                let mut clock = AlarmClock::ringing_by(after(100));
                let polled = clock.poll(after(100), &mut Context::from_waker(&waker));
                assert!(polled.is_pending());
                clock.keep();
                drop(waker);
                assert_eq!(Arc::strong_count(&call), 1);
            });
        });
    }

    #[test]
    fn a_runtime_gets_none_of_another_one() {
        alone(|| {
            let first = runtime();
            let held = first.block_on(async {
                AlarmClock::ringing_by(after(1_000)).keep();
                AlarmClock::ringing_by(after(1_000))
            });
            drop(first);
            runtime().block_on(async {
                let mut clock = AlarmClock::ringing_by(after(2_000));
                assert_eq!(free(), 0, "what was kept is dropped");
                assert_eq!(wait(&mut clock, after(2_000)).await, 2_000);
                clock.keep();
                held.keep();
                assert_eq!(free(), 1);
            });
        });
    }

    #[test]
    fn so_many_are_kept() {
        alone(|| {
            runtime().block_on(async {
                let many = (0..KEPT + 10).map(|_| AlarmClock::ringing_by(after(100)));
                let many: Vec<_> = many.collect();
                many.into_iter().for_each(AlarmClock::keep);
                assert_eq!(free(), KEPT);
            });
        });
    }

    #[test]
    fn a_call_without_budget_comes_to_its_limit() {
        alone(|| {
            runtime().block_on(async {
                let due = after(10);
                let mut clock = AlarmClock::ringing_by(due);
                tokio::spawn(async move {
                    poll_fn(|cx| {
                        // As one does that always has something ready.
                        while coop::has_budget_remaining() {
                            let _ = pin!(coop::consume_budget()).poll(cx);
                        }
                        clock.poll(due, cx)
                    })
                    .await;
                })
                .await
                .unwrap();
            });
        });
    }
}
