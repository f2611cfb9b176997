//! The wait for a turn.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::limit::{Limit, Reserved};
use crate::blocking;
use crate::call::{CallState, Site, id_of};
use crate::cancel::{self, Stop};
use crate::clock::{self, Instant, Sleep};
use crate::error::Refusal;
use crate::event::{CallId, StopReason};
use crate::named::Held;

/// The turn of a call that was too early: a future that is ready when it comes, or when the wait for it is
/// ended from outside.
///
/// Dropped before, it gives the turn back, if no other call has come since.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
// One word, as most calls have none.
pub struct Turn(Box<Waiting>);

#[derive(Debug)]
struct Waiting {
    limit: Held<Limit>,
    reserved: Reserved,
    at: Instant,
    /// Made when the wait is polled: a thread that blocks needs none.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the turn has come.
    came: bool,
    stop: Stop,
}

/// The end of the wait for a turn.
#[derive(Debug)]
pub struct WaitedFor(Option<(&'static str, StopReason)>);

impl WaitedFor {
    /// Returns the refusal of a call whose wait was ended from outside.
    #[inline]
    pub fn refusal(self, call: Option<&CallState>) -> Option<Refusal> {
        self.refuse(|| Some(id_of(call)))
    }

    /// Returns the refusal, as [`refusal`](Self::refusal) does, of a manual call.
    pub(super) fn refusal_by_hand(self) -> Option<Refusal> {
        self.refuse(|| None)
    }

    #[inline]
    fn refuse(self, call: impl FnOnce() -> Option<CallId>) -> Option<Refusal> {
        let (name, reason) = self.0?;
        Some(cancel::refuse(name, reason, call))
    }
}

impl Turn {
    pub(super) fn new(limit: Held<Limit>, reserved: Reserved) -> Self {
        Self(Box::new(Waiting {
            limit,
            reserved,
            at: clock::add(clock::now(), reserved.turn_in()),
            timer: None,
            came: false,
            stop: Stop::new(),
        }))
    }

    /// Blocks the thread until the turn comes.
    pub(super) fn block(mut self) -> WaitedFor {
        let stopped = blocking::sleep_unless_stopped(self.left());
        self.0.ended(stopped)
    }

    /// Blocks the thread until the turn comes, in a call of the function of `site`, which is not async.
    #[cold]
    pub fn sleep(mut self, site: &'static Site, call: Option<&CallState>) -> WaitedFor {
        let stopped = blocking::sleep(self.left(), site, || id_of(call));
        self.0.ended(stopped)
    }

    fn left(&self) -> Duration {
        self.0.at.saturating_duration_since(clock::now())
    }
}

impl Waiting {
    /// Notes that the wait is over. Unless it was ended from outside, the turn has come.
    fn ended(&mut self, stopped: Option<StopReason>) -> WaitedFor {
        self.came = stopped.is_none();
        WaitedFor(stopped.map(|reason| (self.limit.name(), reason)))
    }
}

impl Future for Turn {
    type Output = WaitedFor;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WaitedFor> {
        let waiting = &mut *self.get_mut().0;
        let at = waiting.at;
        let timer = waiting
            .timer
            .get_or_insert_with(|| Box::pin(clock::sleep_until(at)));
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(waiting.ended(None));
        }
        match waiting.stop.poll(cx) {
            None => Poll::Pending,
            stopped => Poll::Ready(waiting.ended(stopped)),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.came {
            self.limit.give_back(self.reserved);
        }
    }
}
