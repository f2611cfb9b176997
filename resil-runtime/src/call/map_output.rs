//! The innermost combinator: maps what the body returns into the outcome of the first layer.
//!
//! It is a combinator and not an `async` block around the body, so that the body stays the only
//! `async` block of the stack: rustc's errors then land in it, and the future stays small.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`map_output`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct MapOutput<F, M> {
        #[pin]
        body: F,
        map: Option<M>,
    }
}

/// Runs `body` and passes its output through `map`.
#[inline(always)]
pub fn map_output<F: Future, M, O>(body: F, map: M) -> MapOutput<F, M>
where
    M: FnOnce(F::Output) -> O,
{
    MapOutput {
        body,
        map: Some(map),
    }
}

impl<F: Future, M, O> Future for MapOutput<F, M>
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
