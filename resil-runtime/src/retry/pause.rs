//! The wait before the next attempt.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::state::Retry;

impl Retry {
    /// Returns the wait before the next attempt. Dropping the `Retry` before the wait is over gives
    /// the budget back the tokens that it was charged for the attempt that is not made.
    #[inline]
    pub fn pause(&mut self) -> Pause<'_> {
        Pause(self)
    }

    /// Polls the wait before the next attempt, in a stack that is a value. Ready with true if it was ended
    /// from outside, and the call `can_end` with a refusal; else the next attempt is due.
    pub(crate) fn poll_pause(&mut self, can_end: bool, cx: &mut Context<'_>) -> Poll<bool> {
        match &mut *self.0 {
            Some(waiting) => waiting.as_mut().poll_pause(can_end, cx),
            None => Poll::Ready(false),
        }
    }

    /// Sleeps the thread until the next attempt is due: in a function that is not async.
    #[cold]
    pub fn sleep(&mut self) {
        if let Some(waiting) = &mut *self.0
            && waiting.as_mut().sleep().is_some()
        {
            waiting.as_mut().cut_short();
        }
    }
}

/// The future of [`Retry::pause`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Pause<'a>(&'a mut Retry);

impl Future for Pause<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.get_mut().0.0 {
            Some(waiting) => waiting.as_mut().poll_wait(cx),
            None => Poll::Ready(()),
        }
    }
}
