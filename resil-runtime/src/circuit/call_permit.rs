//! A permit that was acquired manually.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::breaker::BreakerCore;
use super::breaker::call::AdmittedCall;
use super::verdict::CircuitVerdict;
use crate::named::Held;

/// The permit of one call: [`Breaker::try_acquire`](crate::Breaker::try_acquire) returns it.
///
/// [`success`](Self::success) or [`failure`](Self::failure) records the outcome. A permit that is
/// dropped, as by a cancellation, is neutral; a probe then gives its place back.
///
/// Code that runs in its [`scope`](Self::scope) may call the same breaker again under this permit.
/// Outside of the scope the permit is a plain value: a call of a function that the same breaker
/// guards is a call of its own. While the breaker is half-open, such a call finds the place of the
/// probe taken by this permit, and is refused if there is no other.
#[derive(Debug)]
#[must_use = "dropped, the call counts neither as success nor as failure"]
pub struct CallPermit {
    core: Held<BreakerCore>,
    call: AdmittedCall,
    /// The verdict that is recorded when the permit is dropped.
    ended: CircuitVerdict,
}

impl CallPermit {
    pub(super) fn new(core: Held<BreakerCore>, call: AdmittedCall) -> Self {
        Self {
            core,
            call,
            ended: CircuitVerdict::Neutral,
        }
    }

    /// Records a success: the other side answered as it should.
    pub fn success(self) {
        self.end(CircuitVerdict::Success);
    }

    /// Records a failure of the other side.
    pub fn failure(self) {
        self.end(CircuitVerdict::Failure);
    }

    fn end(mut self, verdict: CircuitVerdict) {
        self.ended = verdict;
    }

    /// Runs `future` under this permit. A call that `future` makes of the same breaker (and key),
    /// in the same task, is part of this call: it is never refused and not counted by itself.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # async fn ask() -> Result<u32, resil_runtime::Error> {
    /// #     resil_runtime::breaker("pay").try_acquire().map(|_| 1)
    /// # }
    /// # async fn call() -> Result<u32, resil_runtime::Error> {
    /// let permit = resil_runtime::breaker("pay").try_acquire()?;
    /// // `ask` may be guarded by `#[circuit(name = "pay")]` too.
    /// let answer = permit.scope(ask()).await;
    /// match &answer {
    ///     Ok(_) => permit.success(),
    ///     Err(_) => permit.failure(),
    /// }
    /// # answer
    /// # }
    /// # assert!(call().await.is_ok());
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> Scoped<'_, F> {
        Scoped::new(future, self)
    }

    /// Runs the function `f` under this permit, as [`scope`](Self::scope) runs a future.
    pub fn sync_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        let _frame = self.core.enter(&self.call, None);
        f()
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.call.end(&self.core, self.ended);
    }
}

pin_project! {
    /// The future of [`CallPermit::scope`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Scoped<'a, F> {
        #[pin]
        inside: F,
        permit: &'a CallPermit,
    }
}

impl<'a, F> Scoped<'a, F> {
    pub(super) fn new(inside: F, permit: &'a CallPermit) -> Self {
        Self { inside, permit }
    }
}

impl<F: Future> Future for Scoped<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.permit.sync_scope(|| this.inside.poll(cx))
    }
}
