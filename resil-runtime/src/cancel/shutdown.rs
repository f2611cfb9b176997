//! The shutdown of the process, and shutdowns of a part of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::sync::WaitForCancellationFutureOwned;

use super::drain::drained;
use super::process;
use super::scope::CancelScoped;
use super::source::Source;
use super::work::{Remaining, Work};

/// Begins the shutdown of the process: from now on no attempt, copy or wait of any annotated function
/// begins.
///
/// * Back-off sleeps, and waits in queues, for turns and for idempotency keys end at once, as if the
///   token of a [`cancel_scope`](super::cancel_scope) around all had been cancelled: the call returns the
///   error of its last attempt, or [`Error::Cancelled`](crate::Error::Cancelled) if there was none. The
///   reason in the events is [`StopReason::Shutdown`](crate::event::StopReason::Shutdown).
/// * What is in flight goes on: bodies, and the completions of idempotent calls.
/// * A call that comes later runs its body once, if it need not wait for it.
///
/// It can't be taken back. Further calls do nothing. [`drain`] waits until all calls have ended.
///
/// In tests, where one process runs many of them, use a [`Shutdown`] of a part.
pub fn shutdown() {
    process::begin();
}

/// Waits until no call of an annotated function is in flight and no completion is pending, at most for
/// `limit`, and returns what was left then: nothing if all is done.
///
/// Call it after [`shutdown`] and after the listener was closed: calls that come while it waits are
/// waited for too.
///
/// A call is in flight from its first poll (from its beginning, if the function is not async) to its
/// outcome, a panic, or the drop of its future. So a call that is only held, and not polled, counts;
/// what nobody waits for any more does not. Of work outside of annotated functions it knows nothing. The
/// calls that a call makes are in flight beside it. A call that awaits this function waits for itself,
/// and gets itself back after `limit`.
///
/// It looks every 10 ms. When it returns nothing, there was a moment after it was called in which no
/// call at all was in flight.
///
/// # Cancellation
///
/// Cancel safe: it changes nothing.
///
/// # Panics
///
/// Panics if it has to wait, and runs outside a tokio runtime with the time driver.
pub async fn drain(limit: Duration) -> Remaining {
    Shutdown::process().drain(limit).await
}

/// A shutdown: that of the process, or one of a part of it.
///
/// The free functions act on that of the process. One of a part is for tests, and for programs that stop
/// a part of themselves: it is about what runs in its [`scope`](Self::scope), on however many levels, and
/// in the tasks that [`spawn`](crate::spawn) starts there. The shutdown of the process is around all.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::cancel::Shutdown;
///
/// # async fn serve() -> Result<(), std::io::Error> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let part = Shutdown::new();
/// let server = tokio::spawn(part.scope(serve()));
/// part.begin();
/// let left = part.drain(Duration::from_secs(5)).await;
/// assert!(left.is_empty(), "{left}");
/// # let _ = server;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Shutdown(Source);

impl Shutdown {
    /// Creates a shutdown that has not begun. Clones are the same one.
    #[expect(
        clippy::new_without_default,
        reason = "two that are equal would be two"
    )]
    pub fn new() -> Self {
        Self(Source::shutdown(Work::new()))
    }

    /// Returns the shutdown of the process.
    pub fn process() -> Self {
        Self(process::process().clone())
    }

    /// Runs `future` so that this shutdown acts on it.
    ///
    /// Dropping the returned future drops `future`.
    pub fn scope<F: Future>(&self, future: F) -> CancelScoped<F> {
        CancelScoped::new(self.0.clone(), future)
    }

    /// Begins it: see [`shutdown`].
    pub fn begin(&self) {
        if self.is_of_the_process() {
            process::begin();
        } else {
            self.0.token.cancel();
        }
    }

    /// Returns whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.token.is_cancelled()
    }

    /// Waits until it begins: for `with_graceful_shutdown` of a server, and for loops that fetch work.
    pub fn begun(&self) -> Begun {
        Begun(Box::pin(self.0.token.clone().cancelled_owned()))
    }

    /// Waits until no call in its scope is in flight and no completion is pending, at most for `limit`,
    /// and returns what was left: see [`drain`].
    pub async fn drain(&self, limit: Duration) -> Remaining {
        match &self.0.work {
            Some(work) => drained(work, limit).await,
            None => Remaining::default(),
        }
    }

    fn is_of_the_process(&self) -> bool {
        let work = self.0.work.as_ref();
        work.is_some_and(|work| work.is_of_the_process())
    }
}

/// The future of [`Shutdown::begun`], which is ready when the shutdown has begun.
///
/// Dropping it changes nothing.
pub struct Begun(Pin<Box<WaitForCancellationFutureOwned>>);

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl Future for Begun {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
