//! One attempt of a retried body: what is called inside can see that it is retried.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::RetrySite;
use crate::site::Site;

thread_local! {
    /// The retried function whose attempt is being polled.
    static ATTEMPT_OF: Cell<Option<&'static Site>> = const { Cell::new(None) };
}

/// The function of the attempt that is being polled.
pub(super) fn enclosing() -> Option<&'static Site> {
    ATTEMPT_OF.get()
}

pin_project! {
    /// One attempt of a retried body: what is called inside can see that it is retried.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Attempt<F> {
        #[pin]
        body: F,
        site: &'static RetrySite,
    }
}

/// `body` as an attempt of the function of `site`.
#[inline(always)]
pub fn attempt<F: Future>(site: &'static RetrySite, body: F) -> Attempt<F> {
    Attempt { body, site }
}

impl<F: Future> Future for Attempt<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        struct Restore(Option<&'static Site>);
        impl Drop for Restore {
            #[inline(always)]
            fn drop(&mut self) {
                ATTEMPT_OF.set(self.0);
            }
        }
        let this = self.project();
        let _restore = Restore(ATTEMPT_OF.replace(Some(this.site.site)));
        this.body.poll(cx)
    }
}
