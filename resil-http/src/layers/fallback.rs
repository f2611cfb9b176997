//! An answer in the place of a failure.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

use resil_runtime::Class;
use resil_runtime::edge::fell_back;
use tower_layer::Layer;
use tower_service::Service;

use super::service::ResponseFuture;
use crate::BoxError;
use crate::outcome::{HttpOutcome, Outcome, Verdict, judge};

/// A request that has failed, as a fallback gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedRequest<Response> {
    /// What the [`Outcome`] says of the failure. A 404 is [`Permanent`](Class::Permanent), and for most a good answer.
    pub class: Class,
    /// The answer, or the error in its place. Return it where the fallback has nothing better.
    pub answer: Result<Response, BoxError>,
}

/// Answers in the place of a request that has failed.
///
/// The closure is called for each failure by the [`Outcome`], with the answer or the error, and returns what comes in
/// its place; an error of its own is the error of the request. Above the layer of a circuit it answers refusals too.
/// `Event::FellBack` says for which error, under the place in the source.
///
/// ```
/// use resil_http::layers::{FailedRequest, FallbackLayer};
/// use resil_http::BoxError;
/// use http::Response;
///
/// let layer = FallbackLayer::new(|failed: FailedRequest<Response<String>>| async move {
///     match failed.answer {
///         Ok(answer) if answer.status() == 404 => Ok(answer),
///         _ => Ok::<_, BoxError>(Response::new("[]".to_owned())),
///     }
/// });
/// ```
pub struct FallbackLayer<F, O = HttpOutcome> {
    rule: Arc<Rule<F, O>>,
}

struct Rule<F, O> {
    fallback: F,
    outcome: O,
    place: &'static Location<'static>,
}

impl<F> FallbackLayer<F> {
    /// Creates the layer.
    #[track_caller]
    pub fn new(fallback: F) -> Self {
        Self {
            rule: Arc::new(Rule {
                fallback,
                outcome: HttpOutcome::new(),
                place: Location::caller(),
            }),
        }
    }
}

impl<F: Clone, O> FallbackLayer<F, O> {
    /// Sets what an answer means: [`HttpOutcome`] unless this is called.
    #[must_use]
    pub fn outcome<P>(self, outcome: P) -> FallbackLayer<F, P> {
        FallbackLayer {
            rule: Arc::new(Rule {
                fallback: self.rule.fallback.clone(),
                outcome,
                place: self.rule.place,
            }),
        }
    }
}

impl<S, F, O> Layer<S> for FallbackLayer<F, O> {
    type Service = FallbackService<S, F, O>;

    fn layer(&self, inner: S) -> Self::Service {
        FallbackService {
            inner,
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<F, O> Clone for FallbackLayer<F, O> {
    fn clone(&self) -> Self {
        Self {
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<F, O: fmt::Debug> fmt::Debug for FallbackLayer<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackLayer")
            .field("outcome", &self.rule.outcome)
            .field("place", &self.rule.place)
            .finish_non_exhaustive()
    }
}

/// A service with a fallback: what [`FallbackLayer`] makes of a service.
///
/// `poll_ready` is that of the service inside, and so is its error: a service that can't be called has no request
/// that a fallback could answer. The future is boxed, once a request.
pub struct FallbackService<S, F, O = HttpOutcome> {
    inner: S,
    rule: Arc<Rule<F, O>>,
}

impl<S, F, Fut, O, Request> Service<Request> for FallbackService<S, F, O>
where
    S: Service<Request, Error: Into<BoxError>, Response: Send + 'static, Future: Send + 'static>,
    F: Fn(FailedRequest<S::Response>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<S::Response, BoxError>> + Send,
    O: Outcome<Request, S::Response>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let rule = Arc::clone(&self.rule);
        let kept = rule.outcome.keep(&request);
        let answer = self.inner.call(request);
        ResponseFuture::new(async move {
            let answer = answer.await.map_err(Into::into);
            let verdict = judge(&rule.outcome, &kept, &answer);
            let Verdict::Failure { class, .. } = verdict else {
                return answer;
            };
            match &answer {
                Ok(_) => fell_back(rule.place, &"the answer is a failure"),
                Err(error) => fell_back(rule.place, error),
            }
            (rule.fallback)(FailedRequest { class, answer }).await
        })
    }
}

impl<S: Clone, F, O> Clone for FallbackService<S, F, O> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<S: fmt::Debug, F, O: fmt::Debug> fmt::Debug for FallbackService<S, F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackService")
            .field("inner", &self.inner)
            .field("outcome", &self.rule.outcome)
            .finish_non_exhaustive()
    }
}
