//! One attempt of a call that is seen, and other pieces of the user's code that a call runs.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::followed::Followed;
use super::seen::Seen;
use crate::call::CallState;

pin_project! {
    /// The future of [`seen_attempt`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct SeenAttempt<'a, F> {
        #[pin]
        body: F,
        // `None` where nobody follows the call.
        seen: Option<&'a Followed<'a>>,
        has_begun: bool,
    }
}

/// Runs `body` as an attempt of the call `seen`: it begins with its first poll.
#[inline(always)]
pub fn seen_attempt<'a, F: Future>(seen: &'a Seen<'a>, body: F) -> SeenAttempt<'a, F> {
    SeenAttempt {
        body,
        seen: seen.followed(),
        has_begun: false,
    }
}

impl<F: Future> Future for SeenAttempt<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let body = this.body;
        let Some(seen) = *this.seen else {
            return body.poll(cx);
        };
        if !std::mem::replace(this.has_begun, true) {
            seen.begin_attempt();
        }
        seen.call().asking(|| body.poll(cx))
    }
}

/// Runs `body` as an attempt of the call `seen`, in a function that is not async.
#[inline(always)]
pub fn seen_run<R>(seen: &Seen<'_>, body: impl FnOnce() -> R) -> R {
    let Some(seen) = seen.followed() else {
        return body();
    };
    seen.begin_attempt();
    seen.call().asking(body)
}

pin_project! {
    /// The future of [`seen_code`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct SeenCode<'a, F> {
        #[pin]
        code: F,
        call: &'a CallState,
    }
}

/// Runs `code`, which is the user's and no attempt, so that a panic of it is known as one of `call`.
#[inline(always)]
pub fn seen_code<F: Future>(call: &CallState, code: F) -> SeenCode<'_, F> {
    SeenCode { code, call }
}

impl<F: Future> Future for SeenCode<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let code = this.code;
        this.call.asking(|| code.poll(cx))
    }
}
