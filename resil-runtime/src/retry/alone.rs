//! The attempts of a retry that is the only layer of its stack.
//!
//! The wait before an attempt is a part of its future, so that the loop in generated code has one `.await`: rustc
//! takes as long for each of them as for the rest of the loop. The future owns the [`Retry`], and hands it back
//! with the outcome: a reference would make each call larger by a word.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::ask::{Answer, Ask};
use super::attempt::Restore;
use super::site::RetrySite;
use super::state::{Constants, Retry};
use crate::call::conversions::Conversions;

pin_project! {
    /// The future of [`Retry::next`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct NextAttempt<F> {
        // Dropped before the retry, which tells listeners that the call was cancelled.
        #[pin]
        body: F,
        retry: Retry,
        site: &'static RetrySite,
    }
}

/// An attempt that has ended: what the body returned, and the retry that decides about another attempt.
#[derive(Debug)]
#[must_use = "the outcome of the call is in it"]
pub struct Ended<R> {
    out: R,
    retry: Retry,
}

impl Retry {
    /// Runs `body` as the next attempt of the function of `site`. If another attempt failed before, this one
    /// begins after the wait for it.
    #[inline(always)]
    pub fn next<F: Future>(self, site: &'static RetrySite, body: F) -> NextAttempt<F> {
        NextAttempt {
            body,
            retry: self,
            site,
        }
    }
}

impl<F: Future> Future for NextAttempt<F> {
    type Output = Ended<F::Output>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let this = self.project();
        if this.retry.has_failed() {
            ready!(this.retry.poll_due(cx));
        }
        let restore = Restore::enter(this.site);
        let out = ready!(this.body.poll(cx));
        drop(restore);
        let retry = mem::take(this.retry);
        Poll::Ready(Ended { out, retry })
    }
}

impl<R> Ended<R> {
    /// Records the attempt, and returns what the body returned if no attempt follows; else the retry for the
    /// next one, and the outcome is dropped. The rest is as in [`Retry::again`].
    #[inline(always)]
    pub fn again<T, E, A>(
        mut self,
        constants: Constants<'_>,
        conversions: Conversions<R, T, E, Infallible>,
        mut ask: A,
    ) -> ControlFlow<R, Retry>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        let out = (self.out, conversions);
        match self.retry.after_alone(constants, out, &mut ask) {
            ControlFlow::Break(out) => ControlFlow::Break(out),
            ControlFlow::Continue(()) => ControlFlow::Continue(self.retry),
        }
    }
}
