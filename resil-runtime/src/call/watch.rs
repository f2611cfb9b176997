//! Watches the attempts of a call, and the fallbacks under its claim, so that the state of the call says
//! whether one was begun, and whether one was cut.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::state::{ATTEMPT_DROPPED, CallState, POLLED_SINCE_CLAIM, POLLED_SINCE_PERMIT};

/// What a poll of an attempt says of the call.
const ATTEMPT: u8 = POLLED_SINCE_CLAIM | POLLED_SINCE_PERMIT;
/// What a poll of a fallback says of the call. A circuit counts attempts alone.
const FALLBACK: u8 = POLLED_SINCE_CLAIM;

pin_project! {
    /// The future of [`watch`] and [`watch_code`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Watched<'a, F> {
        #[pin]
        body: F,
        call: &'a CallState,
        // What a poll says of the call.
        polled: u8,
        started: bool,
    }

    impl<F> PinnedDrop for Watched<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            if this.started {
                this.call.set(ATTEMPT_DROPPED);
            }
        }
    }
}

/// Wraps `body`, an attempt of `call`, so that the state of the call says whether the body is being
/// polled, was polled, and was dropped before it was done. Stacks with a claim need it.
#[inline(always)]
pub fn watch<F: Future>(body: F, call: &CallState) -> Watched<'_, F> {
    watched(body, call, ATTEMPT)
}

/// Wraps `code`, a fallback of `call`, as [`watch`] wraps an attempt. Under a claim its work counts as
/// the body's does.
#[inline(always)]
pub fn watch_code<F: Future>(code: F, call: &CallState) -> Watched<'_, F> {
    watched(code, call, FALLBACK)
}

#[inline(always)]
fn watched<F>(body: F, call: &CallState, polled: u8) -> Watched<'_, F> {
    Watched {
        body,
        call,
        polled,
        started: false,
    }
}

/// Runs `body`, an attempt of `call`, as [`watch`] does, in a function that is not async.
#[inline(always)]
pub fn watch_run<R>(body: impl FnOnce() -> R, call: &CallState) -> R {
    run(body, call, ATTEMPT)
}

/// Runs `code`, a fallback of `call`, as [`watch_code`] does, in a function that is not async.
#[inline(always)]
pub fn watch_code_run<R>(code: impl FnOnce() -> R, call: &CallState) -> R {
    run(code, call, FALLBACK)
}

#[inline(always)]
fn run<R>(body: impl FnOnce() -> R, call: &CallState, polled: u8) -> R {
    /// Dropped by a panic of the attempt.
    struct Attempt<'a>(&'a CallState);
    impl Drop for Attempt<'_> {
        fn drop(&mut self) {
            self.0.set(ATTEMPT_DROPPED);
        }
    }
    call.set(polled);
    let attempt = Attempt(call);
    let out = call.asking(body);
    std::mem::forget(attempt);
    out
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        *this.started = true;
        this.call.set(*this.polled);
        let body = this.body;
        let poll = this.call.asking(|| body.poll(cx));
        if poll.is_ready() {
            *this.started = false;
        }
        poll
    }
}
