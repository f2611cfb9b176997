//! The handler of a request under its claim: how long it may run, and what its answer says of the request.

use std::fmt;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use pin_project_lite::pin_project;
use resil_runtime::clock::Sleep;
use resil_runtime::edge::{alone_in_force, late};
use resil_runtime::idempotency::IdempotencyError;
use resil_runtime::{Deadline, Error};
use tokio::task::coop;
use tower_service::Service;

use super::answer::Answer;
use super::settings::Settings;
use crate::server::deadline::poll_timer;

/// An outcome that is not recorded, and frees the key.
pub(super) enum Unanswered<E> {
    /// An answer that says that nothing was done.
    Free(Box<Response>),
    /// The error of the service inside.
    Failed(E),
    /// The policy refused the request.
    Refused(Error),
}

impl<E> From<Error> for Unanswered<E> {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl<E> fmt::Display for Unanswered<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free(response) => write!(f, "status {}", response.status().as_u16()),
            Self::Failed(_) => f.write_str("the service failed"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

/// What an answer says of its request.
enum Says {
    /// What became of it.
    Done,
    /// That nothing was done.
    Free,
    /// That somebody stopped waiting for it. What became of it is not known.
    Cut,
}

/// The answer of a request that was cut: nobody knows what became of it. Its call is dropped, which abandons the key.
#[derive(Default)]
pub(super) struct Cut(Mutex<Option<Response>>);

impl Cut {
    /// Leaves the answer of a request that was cut, and never returns.
    async fn leave<T>(&self, response: Response) -> T {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
        pending().await
    }

    /// Runs the call of a request. If it is cut, drops the call, and returns the answer that was left.
    pub(super) async fn or<F: Future>(&self, call: F) -> Result<F::Output, Response> {
        let mut call = pin!(call);
        let ended = poll_fn(|cx| {
            if let Poll::Ready(out) = call.as_mut().poll(cx) {
                return Poll::Ready(Ok(out));
            }
            let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            left.map_or(Poll::Pending, |response| Poll::Ready(Err(response)))
        });
        ended.await
    }
}

/// Runs the handler of a request, and returns its answer as it is recorded.
///
/// The service is ready only now: what it reserves then would be held through the upload of the request and the wait for
/// another one.
pub(super) async fn handle<S>(
    mut inner: S,
    request: Request,
    cut: &Cut,
    settings: &Settings,
) -> Result<Answer, Unanswered<S::Error>>
where
    S: Service<Request>,
    S::Response: IntoResponse,
{
    let handler = async {
        let ready = poll_fn(|cx| inner.poll_ready(cx)).await;
        ready.map_err(Unanswered::Failed)?;
        let response = inner.call(request).await.map_err(Unanswered::Failed)?;
        let response = response.into_response();
        match says(&response, settings) {
            Says::Done => Ok(Answer::of(response, settings).await),
            Says::Free => Err(Unanswered::Free(Box::new(response))),
            Says::Cut => cut.leave(response).await,
        }
    };
    let alone = Alone {
        handler,
        until: Deadline::after(settings.max_run),
        timer: None,
    };
    if let Some(answer) = alone.await {
        return answer;
    }
    let error = late(settings.max_run, false);
    cut.leave(settings.refusal(error.into_response())).await
}

fn says(response: &Response, settings: &Settings) -> Says {
    let error = response.extensions().get::<Error>();
    let status = response.status();
    let comes_again = match error {
        Some(Error::Idempotency(error)) => matches!(
            error,
            IdempotencyError::InProgress { .. } | IdempotencyError::LeaseLost { .. }
        ),
        // Another server has the request with its key.
        _ => status == StatusCode::CONFLICT && response.headers().contains_key(header::RETRY_AFTER),
    };
    if comes_again {
        return Says::Free;
    }
    if (settings.records)(status) {
        return Says::Done;
    }
    let is_cut = matches!(error, Some(Error::Timeout { .. }))
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT
        );
    if is_cut { Says::Cut } else { Says::Free }
}

pin_project! {
    /// A handler that has a deadline of its own, and not that of its request: it goes on when nobody waits any more.
    struct Alone<F> {
        #[pin]
        handler: F,
        until: Deadline,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future> Future for Alone<F> {
    // `None` if the time is over.
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = coop::has_budget_remaining();
        let in_force = alone_in_force(*this.until);
        let polled = this.handler.poll(cx);
        drop(in_force);
        if let Poll::Ready(out) = polled {
            return Poll::Ready(Some(out));
        }
        ready!(poll_timer(this.timer, this.until.instant(), had_budget, cx));
        Poll::Ready(None)
    }
}
