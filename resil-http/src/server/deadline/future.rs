//! The future of a request with a deadline.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::Response;
use pin_project_lite::pin_project;
use resil_runtime::Deadline;
use resil_runtime::clock::{Sleep, sleep_until};
use resil_runtime::deadline::Scoped;
use resil_runtime::edge::late;
use tokio::task::coop;

use crate::BoxError;
use crate::server::refusal::refuse;

pin_project! {
    /// The future of a [`DeadlineLayer`](super::DeadlineLayer). Dropping it drops the handler.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        // `None` once its deadline has passed.
        #[pin]
        handler: Option<Handler<F>>,
        limit: Duration,
        is_grpc: bool,
    }
}

pin_project! {
    /// A handler with its deadline.
    #[derive(Debug)]
    struct Handler<F> {
        #[pin]
        scoped: Scoped<F>,
        deadline: Deadline,
        // Made when the handler has been polled and is not ready.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future> DeadlineFuture<F> {
    pub(super) fn new(deadline: Deadline, handler: F, limit: Duration, is_grpc: bool) -> Self {
        Self {
            handler: Some(Handler {
                scoped: deadline.scope(handler),
                deadline,
                timer: None,
            }),
            limit,
            is_grpc,
        }
    }

    /// Creates the future of a request that has come too late.
    pub(super) fn late(limit: Duration, is_grpc: bool) -> Self {
        Self {
            handler: None,
            limit,
            is_grpc,
        }
    }
}

impl<F, C, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(handler) = this.handler.as_mut().as_pin_mut()
            && let Some(out) = ready!(handler.poll_in_time(cx))
        {
            return Poll::Ready(out.map(|response| response.map(Body::new)));
        }
        this.handler.set(None);
        Poll::Ready(Ok(refuse(late(*this.limit), *this.is_grpc)))
    }
}

impl<F: Future> Handler<F> {
    /// Polls the handler; `None` if its deadline has passed.
    fn poll_in_time(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let mut this = self.project();
        if this.timer.is_none() && this.deadline.has_passed() {
            // It came late to its first poll.
            return Poll::Ready(None);
        }
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(out) = this.scoped.poll(cx) {
            return Poll::Ready(Some(out));
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(this.deadline.instant())));
        }
        let Some(timer) = this.timer.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        // A handler that spends all of tokio's budget in each poll leaves none for the timer.
        if had_budget && !coop::has_budget_remaining() {
            pin!(coop::unconstrained(timer)).poll(cx)
        } else {
            timer.poll(cx)
        }
        .map(|()| None)
    }
}
