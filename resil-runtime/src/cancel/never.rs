//! What `stop` is without the feature `cancel`: nothing ends a wait from outside.

#[cfg(feature = "idempotent")]
use std::future::Future;
use std::task::Context;

use crate::event::StopReason;

/// Returns why no wait may begin here: never.
#[inline(always)]
pub(crate) fn stopped() -> Option<StopReason> {
    None
}

/// What may end one wait from outside: nothing.
#[derive(Debug, Default)]
pub(crate) struct Stop(());

impl Stop {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self(())
    }

    /// Returns why the wait is over: never.
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "it is what `stop` is with the feature")]
    pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Option<StopReason> {
        None
    }

    /// Returns whether anything can end the wait: nothing can.
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "it is what `stop` is with the feature")]
    pub(crate) fn is_watching(&mut self) -> bool {
        false
    }
}

/// Waits for `future`.
///
/// # Errors
///
/// Returns why the wait was ended from outside: never.
#[inline]
#[cfg(feature = "idempotent")]
pub async fn until_stopped<F: Future>(future: F) -> Result<F::Output, StopReason> {
    Ok(future.await)
}

/// The scopes around a place: there are none.
#[derive(Debug, Clone)]
pub(crate) struct Around(());

impl Around {
    #[inline(always)]
    pub(crate) fn here() -> Self {
        Self(())
    }

    /// Runs `poll`.
    #[inline(always)]
    #[expect(
        clippy::unused_self,
        reason = "it is what `scope` has with the feature"
    )]
    pub(crate) fn enter<R>(&self, poll: impl FnOnce() -> R) -> R {
        poll()
    }
}
