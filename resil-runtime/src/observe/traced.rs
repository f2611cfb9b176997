//! The user's code inside the spans of its call and its attempt: feature `tracing`.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::followed::Followed;
use super::seen::Seen;
use crate::spans::attempt::{AttemptSpan, Looked};
use crate::spans::own::OwnSpan;

pin_project! {
    /// The future of [`traced_attempt`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TracedAttempt<'a, F, L> {
        #[pin]
        body: F,
        // Dropped after the body.
        span: AttemptSpan,
        // `None` where nobody follows the call.
        seen: Option<&'a Followed<'a>>,
        look: L,
    }

    impl<F, L> PinnedDrop for TracedAttempt<'_, F, L> {
        fn drop(this: Pin<&mut Self>) {
            this.project().span.before_drop();
        }
    }
}

/// Runs `body` as an attempt of the call `seen`, as [`seen_attempt`](super::attempt::seen_attempt) does, and inside a
/// span of its own. `look` looks at what it returns.
#[inline(always)]
pub fn traced_attempt<'a, F, L>(seen: &'a Seen<'a>, body: F, look: L) -> TracedAttempt<'a, F, L>
where
    F: Future,
    L: FnMut(F::Output) -> (F::Output, Looked),
{
    TracedAttempt {
        body,
        span: AttemptSpan::NONE,
        seen: seen.followed(),
        look,
    }
}

impl<F, L> Future for TracedAttempt<'_, F, L>
where
    F: Future,
    L: FnMut(F::Output) -> (F::Output, Looked),
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let body = this.body;
        let Some(seen) = *this.seen else {
            return body.poll(cx);
        };
        let span = this.span;
        if !span.has_begun() {
            seen.begin_attempt();
            span.begin(seen.is_traced().then(|| seen.attempt()));
        }
        let poll = seen.call().asking(|| span.polling(|| body.poll(cx)));
        poll.map(|out| {
            let (out, error) = (this.look)(out);
            span.returned(error);
            out
        })
    }
}

/// Runs `body` as [`traced_attempt`] does, in a function that is not async.
#[inline(always)]
pub fn traced_run<R>(
    seen: &Seen<'_>,
    body: impl FnOnce() -> R,
    look: impl FnOnce(R) -> (R, Looked),
) -> R {
    match seen.followed() {
        None => body(),
        Some(seen) => followed_run(seen, body, look),
    }
}

fn followed_run<R>(
    seen: &Followed<'_>,
    body: impl FnOnce() -> R,
    look: impl FnOnce(R) -> (R, Looked),
) -> R {
    struct Panicked<'a>(&'a OwnSpan);
    impl Drop for Panicked<'_> {
        fn drop(&mut self) {
            self.0.panicked();
        }
    }
    seen.begin_attempt();
    let span = if seen.is_traced() {
        seen.attempt().open()
    } else {
        None
    };
    let Some(span) = span else {
        return seen.call().asking(body);
    };
    let if_it_panics = Panicked(&span);
    let out = seen.call().asking(|| span.inside(body));
    mem::forget(if_it_panics);
    let (out, error) = look(out);
    span.returned(error);
    out
}

pin_project! {
    /// The future of [`traced_code`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TracedCode<'a, F> {
        #[pin]
        code: F,
        seen: &'a Seen<'a>,
    }
}

/// Runs `code`, which is the user's and no attempt, inside the span of the call `seen`.
#[inline(always)]
pub fn traced_code<'a, F: Future>(seen: &'a Seen<'a>, code: F) -> TracedCode<'a, F> {
    TracedCode { code, seen }
}

impl<F: Future> Future for TracedCode<'_, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let code = this.code;
        this.seen.inside(|| code.poll(cx))
    }
}

/// Runs `code` as [`traced_code`] does, in a function that is not async.
#[inline(always)]
pub fn traced_code_run<R>(seen: &Seen<'_>, code: impl FnOnce() -> R) -> R {
    seen.inside(code)
}
