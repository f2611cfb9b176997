//! What a call keeps from its first failure on: how often it was tried, and the wait in progress.
//!
//! It is allocated with the first failure that another attempt follows, so that a call that succeeds
//! at once carries a pointer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::budget::Budget;
use super::site::RetrySite;
use crate::blocking;
use crate::call::CallNumber;
use crate::cancel::Stop;
use crate::clock::{self, Sleep};
use crate::event::{self, ErrorText, Event, StopReason};
use crate::observe::count::Count;

pin_project! {
    /// A call that has failed at least once, and is tried again.
    ///
    /// If it is dropped before [`done`](Self::done), the call was cancelled: listeners are told, and a
    /// wait that has not ended gives the budget its tokens back.
    #[derive(Debug)]
    pub(super) struct Waiting {
        // The state for the `Self` type of the function.
        site: &'static RetrySite,
        // The number of attempts that have ended.
        attempts: u32,
        // The call's number, once an event of it was heard. The state of the call is out of reach when
        // this is dropped.
        call: Option<CallNumber>,
        // The delay that was drawn last.
        delay: Duration,
        // The budget that paid for the next attempt, and how much, until that attempt begins.
        charged: Option<(&'static Budget, u32)>,
        // Another attempt is to follow, or runs.
        under_way: bool,
        #[pin]
        wait: Wait,
        stop: Stop,
    }

    impl PinnedDrop for Waiting {
        fn drop(this: Pin<&mut Self>) {
            if this.under_way {
                this.cancelled();
            }
        }
    }
}

pin_project! {
    #[project = WaitProj]
    #[derive(Debug)]
    enum Wait {
        // It has not begun: nobody knows yet whether it blocks the thread.
        Due,
        Sleep { #[pin] sleep: Sleep },
        // A delay of zero makes no timer, and still lets other tasks run.
        Yield { yielded: bool },
        // An attempt runs.
        Over,
    }
}

impl Waiting {
    /// Creates the state of a call whose first attempt failed.
    pub(super) fn new(site: &'static RetrySite) -> Pin<Box<Self>> {
        Box::pin(Self {
            site,
            attempts: 0,
            call: None,
            delay: Duration::ZERO,
            charged: None,
            under_way: false,
            wait: Wait::Over,
            stop: Stop::new(),
        })
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn call(&self) -> Option<CallNumber> {
        self.call
    }

    pub(super) fn delay(&self) -> Duration {
        self.delay
    }

    /// Notes that `attempts` have ended, and that another one follows after `delay`.
    pub(super) fn follow(
        self: Pin<&mut Self>,
        attempts: u32,
        call: Option<CallNumber>,
        delay: Duration,
        charged: Option<(&'static Budget, u32)>,
    ) {
        let mut this = self.project();
        *this.attempts = attempts;
        *this.call = call;
        *this.delay = delay;
        *this.charged = charged;
        *this.under_way = true;
        *this.stop = Stop::new();
        this.wait.set(Wait::Due);
    }

    /// Notes that no attempt follows.
    pub(super) fn done(self: Pin<&mut Self>) {
        *self.project().under_way = false;
    }

    pub(super) fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let WaitProj::Due = this.wait.as_mut().project() {
            this.wait.set(match *this.delay {
                Duration::ZERO => Wait::Yield { yielded: false },
                delay => Wait::Sleep {
                    sleep: clock::sleep_until(clock::add(clock::now(), delay)),
                },
            });
        }
        let wait = match this.wait.as_mut().project() {
            WaitProj::Sleep { sleep } => sleep.poll(cx),
            WaitProj::Yield { yielded: true } | WaitProj::Over | WaitProj::Due => Poll::Ready(()),
            WaitProj::Yield { yielded } => {
                *yielded = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        };
        if wait.is_ready() {
            *this.charged = None;
            this.wait.set(Wait::Over);
        }
        wait
    }

    /// Polls the wait. Ready with true if the call ends with it: it is ended from outside, and the call
    /// has an outcome to end with. If it has none, an end from outside only cuts the wait short.
    pub(super) fn poll_pause(
        mut self: Pin<&mut Self>,
        can_end: bool,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        // The end from outside comes first: no attempt begins after it, even if it is due.
        match self.as_mut().project().stop.poll(cx) {
            None => self.poll_wait(cx).map(|()| false),
            Some(reason) if can_end => {
                self.end(reason);
                Poll::Ready(true)
            }
            Some(_) => {
                self.cut_short();
                Poll::Ready(false)
            }
        }
    }

    /// Sleeps the thread for the whole wait. Returns why the wait was ended from outside; `None` if it was
    /// not.
    pub(super) fn sleep(self: Pin<&mut Self>) -> Option<StopReason> {
        let mut this = self.project();
        let call = &mut *this.call;
        let stopped = blocking::sleep(*this.delay, this.site.site, || {
            call.get_or_insert_with(CallNumber::next).id()
        });
        if stopped.is_none() {
            *this.charged = None;
            this.wait.set(Wait::Over);
        }
        stopped
    }

    /// Ends the wait before its time: the next attempt begins at once.
    pub(super) fn cut_short(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.charged = None;
        this.wait.set(Wait::Over);
    }

    /// Ends the call after a wait that was ended from outside.
    #[cold]
    pub(super) fn end(mut self: Pin<&mut Self>, reason: StopReason) {
        self.as_mut().tell_stopped(reason);
        self.done();
    }

    #[cold]
    fn cancelled(self: Pin<&mut Self>) {
        self.tell_stopped(StopReason::Cancelled);
    }

    fn tell_stopped(self: Pin<&mut Self>, reason: StopReason) {
        let this = self.project();
        if let Some((budget, cost)) = this.charged.take() {
            budget.give(cost);
        }
        this.site.site.count(Count::stopped(reason));
        // No event for a panic that is passing through: it is reported by itself.
        if !std::thread::panicking() {
            event::emit(|| Event::RetryStopped {
                function: this.site.site.name(),
                attempts: *this.attempts,
                reason,
                error: ErrorText::Nothing.text(),
                call: this.call.get_or_insert_with(CallNumber::next).id(),
            });
        }
    }
}
