//! The view of one wait on what may end it: the scopes around it and the shutdown.

use std::future::Future;
#[cfg(feature = "idempotent")]
use std::future::poll_fn;
use std::pin::Pin;
#[cfg(feature = "idempotent")]
use std::pin::pin;
use std::task::Context;
#[cfg(feature = "idempotent")]
use std::task::Poll;

use tokio_util::sync::WaitForCancellationFutureOwned;

#[cfg(feature = "shutdown")]
use super::process;
use super::scope;
use crate::event::StopReason;

/// Returns why no wait may begin here, and no attempt or copy: the process is shutting down, or a scope
/// around this poll is cancelled.
#[cold]
pub(crate) fn stopped() -> Option<StopReason> {
    #[cfg(feature = "shutdown")]
    if process::has_begun() {
        return Some(StopReason::Shutdown);
    }
    scope::reason()
}

/// What may end one wait from outside: the shutdown, and the scopes around the poll in which the wait
/// began.
#[derive(Default)]
pub(crate) struct Stop(Option<Vec<Watched>>);

type Watched = (Pin<Box<WaitForCancellationFutureOwned>>, StopReason);

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}

impl Stop {
    /// Creates the view of a wait that has not begun.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Returns why the wait is over; `None` if nothing has ended it. Then the waker of `cx` is woken when
    /// something does.
    #[cold]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Option<StopReason> {
        self.watched().iter_mut().find_map(|(cancelled, reason)| {
            let is_over = cancelled.as_mut().poll(cx).is_ready();
            is_over.then_some(*reason)
        })
    }

    /// Returns whether anything can end the wait.
    pub(crate) fn is_watching(&mut self) -> bool {
        !self.watched().is_empty()
    }

    fn watched(&mut self) -> &mut Vec<Watched> {
        self.0.get_or_insert_with(|| {
            let around = scope::all().into_iter();
            #[cfg(feature = "shutdown")]
            let around = std::iter::once(process::process().clone()).chain(around);
            let watched =
                around.map(|source| (Box::pin(source.token.cancelled_owned()), source.reason));
            watched.collect()
        })
    }
}

/// Waits for `future`, which is polled first.
///
/// # Errors
///
/// Returns why the wait was ended from outside. `future` is dropped then.
#[cfg(feature = "idempotent")]
pub async fn until_stopped<F: Future>(future: F) -> Result<F::Output, StopReason> {
    let mut future = pin!(future);
    let mut stop = Stop::new();
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(out) => Poll::Ready(Ok(out)),
        Poll::Pending => stop
            .poll(cx)
            .map_or(Poll::Pending, |reason| Poll::Ready(Err(reason))),
    })
    .await
}
