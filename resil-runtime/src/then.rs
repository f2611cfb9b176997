//! The innermost combinator: the body's answer, mapped into the outcome of the first layer.
//!
//! A combinator and not an `async` block around the body: the body stays the only `async` block of
//! the stack, so that rustc's errors land in it and the future stays small.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`then`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Then<F, M> {
        #[pin]
        body: F,
        map: Option<M>,
    }
}

/// `body`, its output passed through `map`.
#[inline(always)]
pub fn then<F: Future, M, O>(body: F, map: M) -> Then<F, M>
where
    M: FnOnce(F::Output) -> O,
{
    Then {
        body,
        map: Some(map),
    }
}

impl<F: Future, M, O> Future for Then<F, M>
where
    M: FnOnce(F::Output) -> O,
{
    type Output = O;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let this = self.project();
        match this.body.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(out) => match this.map.take() {
                Some(map) => Poll::Ready(map(out)),
                None => unreachable!("a body was polled again after it had answered"),
            },
        }
    }
}
