//! The future of a request with a deadline.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::Response;
use pin_project_lite::pin_project;
use resil_runtime::Deadline;
use resil_runtime::clock::{Sleep, poll_sleep, sleep_until};
use resil_runtime::edge::{in_force, late};
use tokio::task::coop;

use crate::BoxError;
use crate::server::cut::cutting;
use crate::server::refusal::refuse;

/// The time of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) time: Duration,
    /// Whether it is as short as the caller asks for, and not as the server gives to all.
    pub(super) is_callers: bool,
}

pin_project! {
    /// The future of a [`DeadlineLayer`](super::DeadlineLayer). Dropping it drops the handler.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        // `None` once its deadline has passed.
        #[pin]
        handler: Option<Handler<F>>,
        limit: Limit,
        is_grpc: bool,
    }
}

pin_project! {
    /// A handler with its deadline.
    #[derive(Debug)]
    struct Handler<F> {
        #[pin]
        answer: F,
        deadline: Deadline,
        // Made when the handler has been polled and is not ready.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future> DeadlineFuture<F> {
    pub(super) fn new(deadline: Deadline, handler: F, limit: Limit, is_grpc: bool) -> Self {
        Self {
            handler: Some(Handler {
                answer: handler,
                deadline,
                timer: None,
            }),
            limit,
            is_grpc,
        }
    }

    /// Creates the future of a request that has come too late.
    pub(super) fn late(limit: Limit, is_grpc: bool) -> Self {
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
        let limit = *this.limit;
        if limit.is_callers {
            this.handler.set(None);
        } else {
            cutting(|| this.handler.set(None));
        }
        let error = late(limit.time, limit.is_callers);
        Poll::Ready(Ok(refuse(error, *this.is_grpc)))
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
        let in_force = in_force(*this.deadline);
        let polled = this.answer.poll(cx);
        drop(in_force);
        if let Poll::Ready(out) = polled {
            return Poll::Ready(Some(out));
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(this.deadline.instant())));
        }
        let Some(timer) = this.timer.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        poll_sleep(timer, had_budget, cx).map(|()| None)
    }
}
