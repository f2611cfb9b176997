//! The function whose body is being polled: whoever is called meanwhile is called by it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Site;

thread_local! {
    /// The annotated function whose body is being polled on this thread, the innermost one.
    static HERE: Cell<Option<&'static Site>> = const { Cell::new(None) };
}

/// Notes that a call of `site` begins, by the function whose body is being polled.
#[inline]
pub fn note_call(site: &'static Site) {
    site.callers().note(HERE.get());
}

/// Runs `body` as a part of the function of `site`: the calls that it makes are calls by that function.
#[inline(always)]
pub fn as_caller<F: Future>(site: &'static Site, body: F) -> AsCaller<F> {
    AsCaller { body, site }
}

/// Runs `body` as [`as_caller`] does, where it is not async.
#[inline(always)]
pub fn run_as_caller<R>(site: &'static Site, body: impl FnOnce() -> R) -> R {
    let _restore = Restore::enter(Some(site));
    body()
}

pin_project! {
    /// The future of [`as_caller`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct AsCaller<F> {
        #[pin]
        body: F,
        site: &'static Site,
    }
}

impl<F: Future> Future for AsCaller<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _restore = Restore::enter(Some(this.site));
        this.body.poll(cx)
    }
}

/// The function around a place, to be carried into a task that is started there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(Option<&'static Site>);

impl Caller {
    pub(crate) fn here() -> Self {
        Self(HERE.get())
    }

    /// Runs `poll` as a part of that function.
    pub(crate) fn enter<R>(self, poll: impl FnOnce() -> R) -> R {
        let _restore = Restore::enter(self.0);
        poll()
    }
}

/// Puts the function in force again that was in force before.
struct Restore(Option<&'static Site>);

impl Restore {
    #[inline]
    fn enter(site: Option<&'static Site>) -> Self {
        Self(HERE.replace(site))
    }
}

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        HERE.set(self.0);
    }
}
