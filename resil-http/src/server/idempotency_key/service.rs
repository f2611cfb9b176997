//! The service of the layer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::run::{Route, refused, route, run};
use super::settings::Settings;
use crate::ready::take_ready;
use crate::server::kept::Kept;

/// The service of [`IdempotencyKeyLayer`](super::IdempotencyKeyLayer).
#[derive(Debug, Clone)]
pub struct IdempotencyKeyService<S> {
    inner: S,
    settings: Kept<Settings>,
}

impl<S> IdempotencyKeyService<S> {
    pub(super) fn new(inner: S, settings: Kept<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S> Service<Request> for IdempotencyKeyService<S>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = IdempotencyKeyFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let key = match route(&request, &self.settings) {
            Route::Past => {
                let past = self.inner.call(request);
                return IdempotencyKeyFuture::Past { past };
            }
            Route::Refused(why) => {
                let refusal = refused(why, &self.settings);
                let answer = Box::pin(async move { Ok(refusal) });
                return IdempotencyKeyFuture::Keyed { answer };
            }
            Route::Keyed(key) => key,
        };
        // What it has reserved is given back: it is asked again when the handler begins.
        let inner = take_ready(&mut self.inner).clone();
        let settings = self.settings.clone();
        IdempotencyKeyFuture::Keyed {
            answer: Box::pin(run(settings, inner, key, request)),
        }
    }
}

type Answering<S> =
    Pin<Box<dyn Future<Output = Result<Response, <S as Service<Request>>::Error>> + Send>>;

pin_project! {
    /// The future of [`IdempotencyKeyService`].
    #[project = Answered]
    #[must_use = "futures do nothing unless polled"]
    pub enum IdempotencyKeyFuture<S>
    where
        S: Service<Request>,
    {
        /// A request that goes to the handler as it is.
        #[doc(hidden)]
        Past {
            #[pin]
            past: S::Future,
        },
        /// A request with a key, or one that is refused.
        #[doc(hidden)]
        Keyed {
            answer: Answering<S>,
        },
    }
}

impl<S: Service<Request>> std::fmt::Debug for IdempotencyKeyFuture<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdempotencyKeyFuture")
            .finish_non_exhaustive()
    }
}

impl<S> Future for IdempotencyKeyFuture<S>
where
    S: Service<Request>,
    S::Response: IntoResponse,
{
    type Output = Result<Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Answered::Past { past } => {
                Poll::Ready(ready!(past.poll(cx)).map(IntoResponse::into_response))
            }
            Answered::Keyed { answer } => answer.as_mut().poll(cx),
        }
    }
}
