//! One attempt of a retried body: functions called inside can see that they run under a retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::site::RetrySite;
use crate::call::Site;

thread_local! {
    /// The retried function whose attempt is being polled.
    static ATTEMPT_OF: Cell<Option<&'static Site>> = const { Cell::new(None) };
}

/// Returns the function whose attempt is being polled on this thread.
pub(super) fn enclosing() -> Option<&'static Site> {
    ATTEMPT_OF.get()
}

pin_project! {
    /// The future of [`attempt`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Attempt<F> {
        #[pin]
        body: F,
        site: &'static RetrySite,
    }
}

/// Runs `body` as an attempt of the function of `site`.
#[inline(always)]
pub fn attempt<F: Future>(site: &'static RetrySite, body: F) -> Attempt<F> {
    Attempt { body, site }
}

/// Runs `body` as an attempt of the function of `site`, which is not async.
#[inline(always)]
pub fn run_attempt<R>(site: &'static RetrySite, body: impl FnOnce() -> R) -> R {
    let _restore = Restore::enter(site);
    body()
}

impl<F: Future> Future for Attempt<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _restore = Restore::enter(this.site);
        this.body.poll(cx)
    }
}

/// Names again, when dropped, the function that was named before the poll.
pub(crate) struct Restore(Option<&'static Site>);

impl Restore {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn enter(site: &'static RetrySite) -> Self {
        Self(ATTEMPT_OF.replace(Some(site.site)))
    }
}

impl Drop for Restore {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        ATTEMPT_OF.set(self.0);
    }
}
