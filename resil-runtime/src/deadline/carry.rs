//! Carrying the deadline, the traces and the cancellation scopes in force into another task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::scope::Scoped;
use crate::call::Caller;
use crate::cancel;
use crate::event::trace::Around;

/// Spawns `future` on the current tokio runtime, with the deadline that is in force here.
///
/// The deadline is in a thread-local, which does not follow `tokio::spawn`. This function carries
/// it into the new task, and so the [`trace`](crate::trace()) and the cancellation scopes around this
/// place. As with
/// [`Deadline::scope`](super::Deadline::scope), code in the task can ask for the deadline, which
/// does not end the task. Dropping the handle detaches the task. For tasks that are started in
/// another way, there is [`carry`].
///
/// # Panics
///
/// Panics if called outside a tokio runtime, as `tokio::spawn` does.
#[track_caller]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(carry(future))
}

/// Wraps `future` so that it runs with the deadline that is in force here, wherever it is polled:
/// for tasks that [`spawn`] does not start, such as those of a `JoinSet` or a `LocalSet`. Without a
/// deadline in force it runs unchanged.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::{Deadline, carry};
/// use tokio::task::JoinSet;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// Deadline::after(Duration::from_secs(5)).scope(async {
///     let mut tasks = JoinSet::new();
///     for _ in 0..3 {
///         tasks.spawn(carry(async { Deadline::current() }));
///     }
///     while let Some(deadline) = tasks.join_next().await {
///         assert_eq!(deadline.unwrap(), Deadline::current());
///     }
/// })
/// .await;
/// # }
/// ```
///
/// As with [`Deadline::scope`](super::Deadline::scope), code inside can ask for the deadline, which
/// does not end `future`. The [`trace`](crate::trace()) and the cancellation scopes around this place are
/// carried along.
pub fn carry<F: Future>(future: F) -> Carried<F> {
    Carried {
        future: Scoped::inherit(future),
        traces: Around::here(),
        scopes: cancel::Around::here(),
        caller: Caller::here(),
    }
}

pin_project! {
    /// The future of [`carry`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Carried<F> {
        #[pin]
        future: Scoped<F>,
        traces: Around,
        scopes: cancel::Around,
        caller: Caller,
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future;
        let traces = this.traces;
        let caller = this.caller;
        let poll = || caller.enter(|| future.poll(cx));
        this.scopes.enter(|| traces.enter(poll))
    }
}
