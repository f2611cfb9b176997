//! Waits that block the thread: those of functions that are not async.
//!
//! Such a wait keeps a thread of tokio from its other tasks. So the first one of each function that
//! takes longer than [`TOLERATED`] in the poll of a task is told to listeners.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::coop;

use crate::call::{CallId, Site};
use crate::cancel::Stop;
use crate::clock;
use crate::event::{self, Event, StopReason};

/// The longest wait that is not told.
const TOLERATED: Duration = Duration::from_millis(1);

/// Sleeps the thread for `wait`, in a call of the function of `site`. Returns why the sleep was ended from
/// outside; `None` if it was not.
pub(crate) fn sleep(
    wait: Duration,
    site: &'static Site,
    call: impl FnOnce() -> CallId,
) -> Option<StopReason> {
    warn(Some(wait), site, call);
    sleep_unless_stopped(wait)
}

/// Sleeps the thread for `wait`. Returns why the sleep was ended from outside; `None` if it was not.
pub(crate) fn sleep_unless_stopped(wait: Duration) -> Option<StopReason> {
    let mut stop = Stop::new();
    if !stop.is_watching() {
        clock::sleep_thread(wait);
        return None;
    }
    sleep_watching(wait, &mut stop)
}

#[cfg(feature = "cancel")]
fn sleep_watching(wait: Duration, stop: &mut Stop) -> Option<StopReason> {
    let waker = unparker();
    let mut cx = Context::from_waker(&waker);
    let mut reason = None;
    clock::sleep_thread_unless(wait, || {
        reason = stop.poll(&mut cx);
        reason.is_some()
    });
    reason
}

#[cfg(not(feature = "cancel"))]
fn sleep_watching(_: Duration, _: &mut Stop) -> Option<StopReason> {
    None
}

/// A thread that waits for others, until it is unparked or until a time. It may be woken for no reason.
pub(crate) struct Parked {
    /// The longest time for which it may look again.
    pub(crate) left: Option<Duration>,
    /// The longest time for which the whole wait goes on, as far as it is known.
    pub(crate) longest: Option<Duration>,
}

impl Parked {
    /// Parks the thread, in a call of the function of `site`.
    pub(crate) fn tell_and_park(self, site: &'static Site, call: impl FnOnce() -> CallId) {
        warn(self.longest, site, call);
        self.park();
    }

    /// Parks the thread.
    pub(crate) fn park(self) {
        clock::park(self.left);
    }
}

/// Returns a waker that unparks this thread.
pub(crate) fn unparker() -> Waker {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Tells listeners of a wait that is about to block the poll of a task, once for each function. Without a
/// `wait` nothing bounds it.
fn warn(wait: Option<Duration>, site: &'static Site, call: impl FnOnce() -> CallId) {
    let is_long = wait.is_none_or(|wait| wait > TOLERATED);
    if is_long && event::is_heard() && is_polling_a_task() && site.is_first_block() {
        event::emit(|| Event::WorkerBlocked {
            function: site.name(),
            wait,
            call: call(),
        });
    }
}

/// Returns whether this thread is polling a task of tokio.
///
/// Only a task has a budget of steps, of which it has taken some: 128 in all. A thread of
/// `spawn_blocking` is in a runtime too, and has none.
fn is_polling_a_task() -> bool {
    const MORE_THAN_ANY: usize = 1_000;
    if Handle::try_current().is_err() {
        return false;
    }
    let mut cx = Context::from_waker(Waker::noop());
    let mut taken = Vec::new();
    while taken.len() < MORE_THAN_ANY {
        match coop::poll_proceed(&mut cx) {
            Poll::Ready(step) => taken.push(step),
            Poll::Pending => break,
        }
    }
    let has_budget = taken.len() < MORE_THAN_ANY;
    // Each gives back what it took, the last one first.
    while taken.pop().is_some() {}
    has_budget
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_is_known_and_keeps_its_budget() {
        assert!(is_polling_a_task());
        for _ in 0..10 {
            assert!(is_polling_a_task() && coop::has_budget_remaining());
        }
        let spawned = tokio::spawn(async { is_polling_a_task() });
        assert!(spawned.await.unwrap_or(false));
    }

    #[tokio::test]
    async fn a_thread_for_blocking_code_is_none() {
        let blocking = tokio::task::spawn_blocking(is_polling_a_task);
        assert!(!blocking.await.unwrap_or(true));
        let thread = std::thread::spawn(is_polling_a_task);
        assert!(!thread.join().unwrap_or(true));
    }
}
