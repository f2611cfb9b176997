//! The future that bounds its body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::timer::{Elapsed, Timer, wait};
use crate::call::CallState;
use crate::clock;
use crate::deadline::Kept;
use crate::spans::cut;

/// Bounds `body` by `limit`.
///
/// The output is that of `body`, or `Elapsed`; [`refuse_late`](super::refuse_late) makes that the
/// outcome of the layer. All that only a refusal needs, such as the function's name, is known
/// there, and not kept in the future.
#[inline(always)]
pub fn timeout<F: Future>(limit: Duration, body: F) -> Timeout<F> {
    #[cfg(all(feature = "control", not(loom)))]
    if limit == super::TimeoutPolicy::OFF {
        return Timeout {
            body: Some(body),
            timer: Timer::new(u64::MAX, false),
            mark: (),
        };
    }
    Timeout {
        body: Some(body),
        timer: Timer::new(clock::nanos(limit), false),
        mark: (),
    }
}

/// Bounds `body` by `limit`, as [`timeout`] does, directly inside another timeout of the same
/// stack.
#[inline(always)]
pub fn enclosed_timeout<F: Future>(limit: Duration, body: F) -> Timeout<F> {
    Timeout {
        timer: Timer::new(clock::nanos(limit), true),
        ..timeout(limit, body)
    }
}

/// The way in which a timeout drops its body.
pub trait Mark {
    /// Runs `drop`, which drops the body since the limit has passed.
    fn dropping(&self, drop: impl FnOnce());
}

impl Mark for () {
    #[inline(always)]
    fn dropping(&self, drop: impl FnOnce()) {
        drop();
    }
}

impl Mark for &CallState {
    fn dropping(&self, drop: impl FnOnce()) {
        self.while_timing_out(drop);
    }
}

pin_project! {
    /// The future of [`timeout`].
    ///
    /// When the limit has passed, the body is dropped within the poll. Dropping the future drops
    /// the body.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Timeout<F, M = ()> {
        #[pin]
        body: Option<F>,
        #[pin]
        timer: Timer,
        mark: M,
    }
}

impl<F> Timeout<F> {
    /// Lets a circuit inside, of the same `call`, know that this timeout drops it.
    #[inline(always)]
    pub fn marking(self, call: &CallState) -> Timeout<F, &CallState> {
        Timeout {
            body: self.body,
            timer: self.timer,
            mark: call,
        }
    }
}

impl<F: Future, M: Mark> Future for Timeout<F, M> {
    type Output = Result<F::Output, Elapsed>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Built without optimisation, what follows is a function of its own, which all functions with
        // one return type share.
        #[cfg(debug_assertions)]
        let body: Pin<&mut dyn Place<Output = F::Output>> = this.body;
        #[cfg(not(debug_assertions))]
        let body = this.body;
        poll_in(body, this.timer, this.mark, cx)
    }
}

/// The place of a body, which is empty once the body is dropped.
trait Place {
    /// What the body returns.
    type Output;

    /// Polls the body.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output>;

    /// Drops the body.
    fn clear(self: Pin<&mut Self>);
}

impl<F: Future> Place for Option<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.as_pin_mut() {
            Some(body) => body.poll(cx),
            None => gone(),
        }
    }

    #[inline(always)]
    fn clear(mut self: Pin<&mut Self>) {
        self.set(None);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn gone() -> ! {
    unreachable!("a timeout was polled again after it had answered")
}

#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
fn poll_in<B: Place + ?Sized, M: Mark>(
    mut body: Pin<&mut B>,
    timer: Pin<&mut Timer>,
    mark: &M,
    cx: &mut Context<'_>,
) -> Poll<Result<B::Output, Elapsed>> {
    #[cfg(all(feature = "control", not(loom)))]
    if timer.is_off() {
        return body.poll(cx).map(Ok);
    }
    let kept = Kept::new();
    let (frame, had_budget) = timer.enter(&kept);
    if let Poll::Ready(out) = body.as_mut().poll(cx) {
        frame.leave();
        return Poll::Ready(Ok(out));
    }
    match wait(timer, frame, had_budget, cx) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(elapsed) => {
            cut::by("timeout", || {
                if elapsed.inherited {
                    body.clear();
                } else {
                    mark.dropping(|| body.clear());
                }
            });
            Poll::Ready(Err(elapsed))
        }
    }
}
