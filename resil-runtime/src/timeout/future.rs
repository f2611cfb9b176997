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
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            unreachable!("a timeout was polled again after it had answered")
        };
        #[cfg(all(feature = "control", not(loom)))]
        if this.timer.is_off() {
            return body.poll(cx).map(Ok);
        }
        let kept = Kept::new();
        let (frame, had_budget) = this.timer.enter(&kept);
        if let Poll::Ready(out) = body.poll(cx) {
            frame.leave();
            return Poll::Ready(Ok(out));
        }
        match wait(this.timer, frame, had_budget, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(elapsed) => {
                if elapsed.inherited {
                    this.body.set(None);
                } else {
                    this.mark.dropping(|| this.body.set(None));
                }
                Poll::Ready(Err(elapsed))
            }
        }
    }
}
