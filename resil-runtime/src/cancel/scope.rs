//! The scopes around a poll, in a thread-local.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "shutdown")]
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio_util::sync::CancellationToken;

use super::source::Source;
#[cfg(feature = "shutdown")]
use super::work::Work;
use crate::event::StopReason;

thread_local! {
    /// The sources of the scopes that are being polled on this thread, outermost first.
    static HERE: RefCell<Vec<Source>> = const { RefCell::new(Vec::new()) };
}

/// Runs `future` in a scope that `token` cancels: then the waits in it end at once, and what runs is not
/// interrupted.
///
/// Of every annotated function that is called inside, on however many levels:
///
/// * A back-off sleep ends, and no attempt follows. The call returns the error of its last attempt,
///   untouched.
/// * The wait in the queue of a bulkhead, for a turn of a rate limit, and for another call's idempotency
///   key ends with [`Error::Cancelled`](crate::Error::Cancelled). If it is the wait of a second or later
///   attempt, the call returns the error of the attempt before. The place in the queue, the turn and the
///   place among the waiters are given back.
/// * A `#[hedge]` starts no further copy. Those that run go on.
/// * The body, whatever it awaits, goes on to its end, and so do the steps of an idempotency store. A
///   call that comes after the token was cancelled runs its body once, if it need not wait for it.
///
/// Such an end is never retried, by no `#[retry]` around either, and no `#[circuit]` counts it. The event
/// of a retry that stops has the reason [`StopReason::Cancelled`](crate::event::StopReason::Cancelled),
/// any other wait tells [`Event::WaitCancelled`](crate::event::Event::WaitCancelled).
///
/// Scopes may be nested: the token of each scope around a wait ends it. A wait looks at the scopes that
/// are around the poll in which it begins. As the deadline does, scopes follow into tasks that
/// [`spawn`](crate::spawn) and [`carry`](crate::carry()) start, and not into those of `tokio::spawn`.
///
/// ```
/// use resil_runtime::cancel::{CancellationToken, cancel_scope};
///
/// # async fn copy_all() -> Result<(), std::io::Error> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let token = CancellationToken::new();
/// let job = cancel_scope(token.clone(), copy_all());
/// // Elsewhere, when a person has lost patience: `token.cancel()`.
/// let done = job.await;
/// # assert!(done.is_ok());
/// # }
/// ```
///
/// One exception follows from Rust's types. During a back-off sleep the last error is kept only if it is
/// [`Send`], as the future of the function would not be `Send` otherwise. If it was not kept, the call
/// returns [`Error::Cancelled`](crate::Error::Cancelled); and where the stack is a `#[retry]` alone, whose
/// error type need not be able to hold that, it makes one more attempt, at once, and returns its outcome.
///
/// # Cancellation
///
/// Dropping the returned future drops `future`.
pub fn cancel_scope<F: Future>(token: CancellationToken, future: F) -> CancelScoped<F> {
    CancelScoped {
        future,
        source: Source::cancelled_by(token),
    }
}

pin_project! {
    /// The future of [`cancel_scope`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct CancelScoped<F> {
        #[pin]
        future: F,
        source: Source,
    }
}

#[cfg(feature = "shutdown")]
impl<F> CancelScoped<F> {
    pub(super) fn new(source: Source, future: F) -> Self {
        Self { future, source }
    }
}

impl<F: Future> Future for CancelScoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _here = Here::enter(std::slice::from_ref(this.source));
        this.future.poll(cx)
    }
}

/// The scopes around a place, to be carried into a task that is started there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around(Box<[Source]>);

impl Around {
    pub(crate) fn here() -> Self {
        Self(all().into())
    }

    /// Runs `poll` inside the scopes.
    pub(crate) fn enter<R>(&self, poll: impl FnOnce() -> R) -> R {
        let _here = (!self.0.is_empty()).then(|| Here::enter(&self.0));
        poll()
    }
}

/// Puts scopes in force for the time of one poll: so many of them.
struct Here(usize);

impl Here {
    /// Puts those of `sources` in force that are not: what is carried may be polled where it was made, and
    /// scopes of one shutdown may be nested.
    fn enter(sources: &[Source]) -> Self {
        let entered = HERE.try_with(|here| {
            let mut here = here.borrow_mut();
            let before = here.len();
            for source in sources {
                if !here.iter().any(|other| other.id == source.id) {
                    here.push(source.clone());
                }
            }
            here.len() - before
        });
        // A thread that is ending has no more scopes in force.
        Self(entered.unwrap_or_default())
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let left: Result<Vec<Source>, _> = HERE.try_with(|here| {
            let mut here = here.borrow_mut();
            let from = here.len().saturating_sub(self.0);
            here.split_off(from)
        });
        // The last handle of a token may wake wakers as it goes: with nothing borrowed.
        drop(left);
    }
}

/// Returns the sources of the scopes around this poll, outermost first.
pub(super) fn all() -> Vec<Source> {
    HERE.try_with(|here| here.borrow().clone())
        .unwrap_or_default()
}

/// Returns the reason of the outermost scope around this poll that is cancelled.
pub(super) fn reason() -> Option<StopReason> {
    HERE.try_with(|here| {
        let here = here.borrow();
        let cancelled = here.iter().find(|source| source.token.is_cancelled());
        cancelled.map(|source| source.reason)
    })
    .unwrap_or_default()
}

/// Returns the shutdowns of a part whose scopes are around this poll. That of the process is around all.
#[cfg(feature = "shutdown")]
pub(super) fn works() -> Box<[Arc<Work>]> {
    HERE.try_with(|here| {
        let here = here.borrow();
        let works = here.iter().filter_map(|source| source.work.as_ref());
        works
            .filter(|work| !work.is_of_the_process())
            .cloned()
            .collect()
    })
    .unwrap_or_default()
}
