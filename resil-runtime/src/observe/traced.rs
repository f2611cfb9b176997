//! The user's code inside the spans of its call and its attempt: feature `tracing`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::seen::Seen;
use crate::spans::attempt::{After, Before, Looked, begin};
use crate::spans::own::OwnSpan;

pin_project! {
    /// The future of [`traced_attempt`]. Its fields are in the order in which they are to be dropped.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TracedAttempt<'a, F, L> {
        before: Before,
        #[pin]
        body: F,
        after: After,
        // `None` after the first poll.
        seen: Option<&'a Seen<'a>>,
        look: L,
    }
}

/// Runs `body`, an attempt of the call `seen`, inside a span of its own. `look` looks at what it returns.
#[inline(always)]
pub fn traced_attempt<'a, F, L>(seen: &'a Seen<'a>, body: F, look: L) -> TracedAttempt<'a, F, L>
where
    F: Future,
    L: FnMut(F::Output) -> (F::Output, Looked),
{
    TracedAttempt {
        before: Before::default(),
        body,
        after: After::default(),
        seen: Some(seen),
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
        if let Some(seen) = this.seen.take()
            && seen.is_traced()
        {
            begin(this.before, this.after, seen.attempt());
        }
        if this.after.is_unseen() {
            return body.poll(cx);
        }
        let poll = this.after.polling(|| body.poll(cx));
        poll.map(|out| {
            let (out, error) = (this.look)(out);
            this.after.returned(this.before, error);
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
    struct Panicked<'a>(&'a OwnSpan);
    impl Drop for Panicked<'_> {
        fn drop(&mut self) {
            self.0.panicked();
        }
    }
    if !seen.is_traced() {
        return body();
    }
    let Some(span) = seen.attempt().open() else {
        return body();
    };
    let if_it_panics = Panicked(&span);
    let out = span.inside(body);
    std::mem::forget(if_it_panics);
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
        this.seen.span().inside(|| code.poll(cx))
    }
}

/// Runs `code` as [`traced_code`] does, in a function that is not async.
#[inline(always)]
pub fn traced_code_run<R>(seen: &Seen<'_>, code: impl FnOnce() -> R) -> R {
    seen.span().inside(code)
}
