//! The permit of one call of an annotated function: held around the inner layers, and settled with
//! their outcome.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::breaker::BreakerCore;
use super::breaker::call::AdmittedCall;
use super::held::HeldFrame;
use super::recording::recording;
use super::verdict::{Answers, Asked, CircuitVerdict, judge};
use crate::call::{CallState, Failure, Outcome, Site};
use crate::classify::Class;
use crate::error::{Refusal, RefusalKind};

/// The permit of one call of an annotated function.
///
/// Generated code forgets a permit that is settled. Dropped before, it records a failure if the body
/// panicked or a timeout of the same stack dropped it; otherwise it is neutral. The outcome of a call
/// under a permit of the same breaker is not recorded.
#[derive(Debug)]
#[must_use = "settle it, or the call counts as cancelled"]
pub struct Permit<'a> {
    core: &'a BreakerCore,
    call: &'a CallState,
    site: &'static Site,
    admitted: AdmittedCall,
}

impl<'a> Permit<'a> {
    #[inline(always)]
    pub(super) fn new(
        core: &'a BreakerCore,
        call: &'a CallState,
        site: &'static Site,
        admitted: AdmittedCall,
    ) -> Self {
        Self {
            core,
            call,
            site,
            admitted,
        }
    }
}

impl Permit<'_> {
    /// Records the outcome of the call, and returns it. The `class` of the user's error decides about
    /// a failure.
    #[inline(always)]
    pub fn settle<T, E>(
        &self,
        out: Outcome<T, E, Refusal>,
        class: fn(&E) -> Option<Class>,
    ) -> Outcome<T, E, Refusal> {
        self.settled(out, None, class)
    }

    /// Records the outcome of the call, and returns it. `verdict` returns what the patterns say of the
    /// user's error; if it returns `None`, the error's `class` decides.
    #[inline(always)]
    pub fn settle_by<T, E>(
        &self,
        out: Outcome<T, E, Refusal>,
        mut verdict: impl FnMut(&E) -> Option<CircuitVerdict>,
        class: fn(&E) -> Option<Class>,
    ) -> Outcome<T, E, Refusal> {
        self.settled(out, Some(&mut verdict), class)
    }

    /// Records the outcome of the call, as [`settle_by`](Self::settle_by) does, where a value counts
    /// as a failure if `on_ok` returns true for it.
    #[inline(always)]
    pub fn settle_by_value<T, E>(
        &self,
        out: Outcome<T, E, Refusal>,
        on_ok: impl FnOnce(&T) -> bool,
        mut verdict: impl FnMut(&E) -> Option<CircuitVerdict>,
        class: fn(&E) -> Option<Class>,
    ) -> Outcome<T, E, Refusal> {
        match out {
            Ok(value) if !self.admitted.is_nested() && self.asking(|| on_ok(&value)) => {
                self.answered(CircuitVerdict::Failure);
                Ok(value)
            }
            out => self.settled(out, Some(&mut verdict), class),
        }
    }

    // Takes the closures as trait objects. Built without optimisation, this and what it calls are
    // functions of their own, which all functions with one return type share.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settled<T, E>(
        &self,
        out: Outcome<T, E, Refusal>,
        verdict: Option<&mut dyn Answers<E>>,
        class: fn(&E) -> Option<Class>,
    ) -> Outcome<T, E, Refusal> {
        match out {
            Ok(value) => {
                if !self.core.is_quiet() {
                    self.answered(CircuitVerdict::Success);
                }
                Ok(value)
            }
            Err(failure) => {
                self.failed(&failure, verdict, class);
                Err(failure)
            }
        }
    }

    /// Ends the permit, whose outcome is recorded: nothing is left to do when it is dropped. (Generated code
    /// would forget it by `mem::forget`, against which users have a lint.)
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn end(self) {
        mem::forget(self);
    }

    /// Records the verdict on an `Ok`.
    #[cold]
    fn answered(&self, verdict: CircuitVerdict) {
        // That of an attempt whose follower was cancelled says no more than an error would.
        self.record(if self.call.was_cancelled() || self.call.only_replayed() {
            CircuitVerdict::Neutral
        } else {
            verdict
        });
    }

    #[cold]
    #[inline(never)]
    fn failed<E>(
        &self,
        failure: &Failure<E, Refusal>,
        mut verdict: Option<&mut dyn Answers<E>>,
        class: fn(&E) -> Option<Class>,
    ) {
        let error = failure.error();
        self.failed_by(
            failure.refusal(),
            &mut || verdict.as_mut()?.about(error?),
            &mut || class(error?),
        );
    }

    #[inline(never)]
    fn failed_by(
        &self,
        refusal: Option<RefusalKind>,
        verdict: Asked<'_, CircuitVerdict>,
        class: Asked<'_, Class>,
    ) {
        if self.call.was_cancelled() {
            self.record(CircuitVerdict::Neutral);
        } else if !self.admitted.is_nested() {
            let replayed = self.call.only_replayed();
            self.record(self.asking(|| judge(refusal, replayed, verdict, class)));
        }
    }

    fn record(&self, verdict: CircuitVerdict) {
        recording(self.call, || self.admitted.end(self.core, verdict));
    }

    /// Puts the rest of this poll under this permit.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn enter(&self) -> HeldFrame {
        self.core.enter(&self.admitted, Some(self.site))
    }

    /// Runs `ask`, a piece of the user's code that looks at an outcome, under this permit. If it
    /// panics, the permit sees a panic of the call.
    #[inline(always)]
    pub fn asking<R>(&self, ask: impl FnOnce() -> R) -> R {
        let _frame = self.enter();
        self.call.asking(ask)
    }

    /// Runs `inside`, which blocks the thread, under this permit.
    #[inline(always)]
    pub fn run<R>(&self, inside: impl FnOnce() -> R) -> R {
        let frame = self.polling();
        let out = inside();
        frame.leave();
        out
    }

    /// Puts what follows under this permit, until the frame is left.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn polling(&self) -> Polled<'_> {
        Polled {
            frame: self.enter(),
            permit: self,
        }
    }

    /// Runs `wait`, which blocks the thread in a layer below, and leaves it out of the time that the
    /// call takes.
    #[inline(always)]
    pub fn leaving_out_run<R>(&self, wait: impl FnOnce() -> R) -> R {
        let since = self.admitted.wait_begins();
        let out = wait();
        if since != 0 {
            self.admitted.wait_ended(since);
        }
        out
    }

    /// Returns when a wait begins that is left out of the time that the call takes; 0 if the call is not
    /// timed.
    pub(crate) fn wait_begins(&self) -> u64 {
        self.admitted.wait_begins()
    }

    /// Leaves out the time since a wait [began](Self::wait_begins), which is over.
    pub(crate) fn wait_ended(&self, since: u64) {
        if since != 0 {
            self.admitted.wait_ended(since);
        }
    }

    /// Wraps `wait`, the pause of a retry below, so that it is left out of the time that the call
    /// takes.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn leaving_out<F: Future>(&self, wait: F) -> LeftOut<'_, F> {
        LeftOut {
            wait,
            admitted: &self.admitted,
            since: self.admitted.wait_begins(),
        }
    }
}

pin_project! {
    /// The future of [`under_permit`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct UnderPermit<'a, F> {
        #[pin]
        inside: F,
        permit: &'a Permit<'a>,
    }
}

/// Runs `inside` under `permit`.
#[inline(always)]
pub fn under_permit<'a, F: Future>(permit: &'a Permit<'a>, inside: F) -> UnderPermit<'a, F> {
    UnderPermit { inside, permit }
}

/// The frame of one poll under a permit. Dropped, and not [left](Self::leave), it says that the poll
/// panics.
pub(crate) struct Polled<'a> {
    frame: HeldFrame,
    permit: &'a Permit<'a>,
}

impl Polled<'_> {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leave(self) {
        let polled = ManuallyDrop::new(self);
        polled.frame.pop();
    }
}

impl Drop for Polled<'_> {
    #[cold]
    fn drop(&mut self) {
        // The frame pops its level by itself.
        self.permit.call.set_polling(true);
    }
}

impl<F: Future> Future for UnderPermit<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Built without optimisation, what follows is a function of its own, which all functions with
        // one return type share.
        #[cfg(debug_assertions)]
        let inside: Pin<&mut dyn Future<Output = F::Output>> = this.inside;
        #[cfg(not(debug_assertions))]
        let inside = this.inside;
        poll_under(this.permit, inside, cx)
    }
}

#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
fn poll_under<F: Future + ?Sized>(
    permit: &Permit<'_>,
    inside: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    let frame = permit.polling();
    // Two arms that look alike: joined, each call would test the result twice.
    match inside.poll(cx) {
        Poll::Ready(out) => {
            frame.leave();
            Poll::Ready(out)
        }
        Poll::Pending => {
            frame.leave();
            Poll::Pending
        }
    }
}

pin_project! {
    /// The future of [`Permit::leaving_out`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct LeftOut<'a, F> {
        #[pin]
        wait: F,
        admitted: &'a AdmittedCall,
        // 0: the call is not timed.
        since: u64,
    }

    impl<F> PinnedDrop for LeftOut<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            if this.since != 0 {
                this.admitted.wait_ended(this.since);
            }
        }
    }
}

impl<F: Future> Future for LeftOut<'_, F> {
    type Output = F::Output;

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().wait.poll(cx)
    }
}

impl Drop for Permit<'_> {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.record(if self.call.panicked() || self.call.is_timing_out() {
            CircuitVerdict::Failure
        } else {
            CircuitVerdict::Neutral
        });
    }
}
