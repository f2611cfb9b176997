//! The service under the layers of policies.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::request::{CloneRequest, HttpRequests};
use super::run::{Rules, run};
use crate::BoxError;
use crate::outcome::{HttpOutcome, Outcome};
use crate::ready::take_ready;

/// A service whose requests run under policies: what the layers of this module make of a service.
///
/// `poll_ready` is that of the service inside. `call` moves the service that was found ready into the future, and
/// leaves a clone, which has nothing reserved. The first attempt takes the ready one. A call that is refused drops
/// it, and one that has to wait for something (its turn, a place, a pause, a body) drops it before it waits: what it
/// had reserved is given back. Each attempt that finds it gone drives `poll_ready` of a clone first.
///
/// The future is boxed, once a request. Dropped, it gives back what its policies hold, and drops the attempt where
/// it stands.
///
/// # Errors
///
/// An error of the service inside, as a [`BoxError`], or a refusal of a policy, which is a
/// [`resil_runtime::Error`] in one: `error.downcast_ref::<resil::Error>()`. After the last attempt of a retry an
/// answer that is a failure is returned as it is, as an answer.
///
/// # Panics
///
/// If a policy has to wait outside a tokio runtime with the time driver.
pub struct PolicyService<S, O = HttpOutcome, R = HttpRequests> {
    inner: S,
    rules: Arc<Rules<O, R>>,
}

impl<S, O, R> PolicyService<S, O, R> {
    pub(super) fn new(inner: S, rules: Arc<Rules<O, R>>) -> Self {
        Self { inner, rules }
    }

    /// Returns the service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the service inside, and drops the policies.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, O, R, Request> Service<Request> for PolicyService<S, O, R>
where
    S: Service<Request, Error: Into<BoxError>, Response: Send + 'static, Future: Send>
        + Clone
        + Send
        + 'static,
    O: Outcome<Request, S::Response>,
    R: CloneRequest<Request>,
    Request: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let ready = take_ready(&mut self.inner);
        ResponseFuture::new(run(ready, Arc::clone(&self.rules), request))
    }
}

/// The clone has the same policies, and so the same state, and nothing reserved.
impl<S: Clone, O, R> Clone for PolicyService<S, O, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            rules: Arc::clone(&self.rules),
        }
    }
}

impl<S: fmt::Debug, O: fmt::Debug, R: fmt::Debug> fmt::Debug for PolicyService<S, O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyService")
            .field("inner", &self.inner)
            .field("rules", &self.rules)
            .finish()
    }
}

/// The future of an answer, on the heap.
pub struct ResponseFuture<Response>(Boxed<Response>);

type Boxed<Response> = Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>;

impl<Response> ResponseFuture<Response> {
    pub(super) fn new(
        future: impl Future<Output = Result<Response, BoxError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(future))
    }
}

impl<Response> Future for ResponseFuture<Response> {
    type Output = Result<Response, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<Response> fmt::Debug for ResponseFuture<Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
