//! The future of a request with a deadline.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::Response;
use pin_project_lite::pin_project;
use resil_runtime::Deadline;
use resil_runtime::clock::{Instant, Sleep, poll_sleep, sleep_until};
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
        handler: Option<F>,
        deadline: Deadline,
        // Made when the handler has been polled and is not ready.
        #[pin]
        timer: Option<Sleep>,
        limit: Limit,
        is_grpc: bool,
    }
}

impl<F: Future> DeadlineFuture<F> {
    /// Creates the future of a request. Without a handler, it has come too late.
    pub(super) fn new(handler: Option<F>, deadline: Deadline, limit: Limit, is_grpc: bool) -> Self {
        Self {
            handler,
            deadline,
            timer: None,
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
            // A first poll may come late.
            && (this.timer.is_some() || !this.deadline.has_passed())
        {
            let had_budget = coop::has_budget_remaining();
            let in_force = in_force(*this.deadline);
            let polled = handler.poll(cx);
            drop(in_force);
            if let Poll::Ready(out) = polled {
                return Poll::Ready(out.map(|response| response.map(Body::new)));
            }
            let at = this.deadline.instant();
            ready!(poll_timer(this.timer.as_mut(), at, had_budget, cx));
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

/// Polls the timer of a handler that was polled and is not ready. The first time, makes it.
pub(in crate::server) fn poll_timer(
    mut timer: Pin<&mut Option<Sleep>>,
    at: Instant,
    had_budget: bool,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if timer.is_none() {
        timer.set(Some(sleep_until(at)));
    }
    match timer.as_pin_mut() {
        Some(timer) => poll_sleep(timer, had_budget, cx),
        None => Poll::Pending,
    }
}
