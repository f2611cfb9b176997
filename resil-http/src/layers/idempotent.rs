//! A request once for each key.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use resil_runtime::Stack;
use resil_runtime::idempotency::{IdempotentPolicy, KeyPart, Recordable};
use resil_runtime::stack::KeyedStack;
use tower_layer::Layer;
use tower_service::Service;

use super::reserved::Reserved;
use super::service::ResponseFuture;
use crate::BoxError;
use crate::ready::take_ready;

/// Calls a service once for each key, and answers a request that comes again with the recorded answer:
/// `#[idempotent]` around a service.
///
/// `key` returns the key of a request; one without a key is called each time. The keys belong to the `name`, unless the
/// policy [has one](IdempotentPolicy::name): attributes and policies that give the same name share them. Answers are
/// recorded with serde. Errors are not, and free the key. What is on a key, how long it is kept and what a second request
/// does meanwhile are those of the [`IdempotentPolicy`].
///
/// An answer of HTTP has a body that serde can't record. For servers of HTTP take
/// `server::IdempotencyKeyLayer`, which reads the header `Idempotency-Key`.
///
/// ```
/// use resil_http::layers::IdempotentLayer;
/// use resil_runtime::idempotency::IdempotentPolicy;
///
/// struct Charge {
///     order: u64,
/// }
///
/// let layer = IdempotentLayer::new("charge", IdempotentPolicy::new(), |charge: &Charge| Some(charge.order));
/// # let _ = layer;
/// ```
pub struct IdempotentLayer<F> {
    rule: Arc<Rule<F>>,
}

struct Rule<F> {
    claim: KeyedStack,
    key: F,
}

impl<F> IdempotentLayer<F> {
    /// Creates the layer.
    ///
    /// # Panics
    ///
    /// If `name` is not 1 to 128 of `A-Z a-z 0-9 _ . : -`.
    pub fn new(name: &'static str, policy: IdempotentPolicy, key: F) -> Self {
        let claim = policy.around(Stack::new(name));
        Self {
            rule: Arc::new(Rule { claim, key }),
        }
    }
}

impl<S, F> Layer<S> for IdempotentLayer<F> {
    type Service = IdempotentService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        IdempotentService {
            inner,
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<F> Clone for IdempotentLayer<F> {
    fn clone(&self) -> Self {
        Self {
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<F> fmt::Debug for IdempotentLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotentLayer")
            .field("claim", &self.rule.claim)
            .finish_non_exhaustive()
    }
}

/// A service that is called once for each key: what [`IdempotentLayer`] makes of a service.
///
/// `poll_ready` is that of the service inside. `call` moves the service that was found ready into the future, and leaves a
/// clone. A request that is answered from a record, or has to wait for the first one of its key, drops it: what it had
/// reserved is given back. The future is boxed, once a request. Dropped while the service is at work, it abandons the key:
/// what becomes of the next request says [`on_abandon`](IdempotentPolicy::on_abandon).
///
/// # Errors
///
/// An error of the service inside, as a [`BoxError`], or a [`resil_runtime::Error`] with an
/// [`IdempotencyError`](resil_runtime::idempotency::IdempotencyError) in one.
///
/// # Panics
///
/// If a request has to wait outside a tokio runtime with the time driver.
pub struct IdempotentService<S, F> {
    inner: S,
    rule: Arc<Rule<F>>,
}

impl<S, F, K, Request> Service<Request> for IdempotentService<S, F>
where
    S: Service<
            Request,
            Error: Into<BoxError>,
            Response: Recordable + Send + 'static,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static,
    F: Fn(&Request) -> Option<K> + Send + Sync + 'static,
    K: KeyPart + Send + 'static,
    Request: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let rule = &self.rule;
        let Some(key) = (rule.key)(&request) else {
            let answer = self.inner.call(request);
            return ResponseFuture::new(async move { answer.await.map_err(Into::into) });
        };
        let ready = take_ready(&mut self.inner);
        ResponseFuture::new(once(ready, Arc::clone(rule), key, request))
    }
}

/// Sends a request to `ready`, unless there is an answer for its key.
async fn once<S, F, Request>(
    ready: S,
    rule: Arc<Rule<F>>,
    key: impl KeyPart,
    request: Request,
) -> Result<S::Response, BoxError>
where
    S: Service<Request, Error: Into<BoxError>, Response: Recordable + Send + 'static> + Clone,
{
    let template = ready.clone();
    let reserved = Reserved::new(ready);
    let reserved = &reserved;
    let mut request = Some(request);
    // It takes the template with it: a service need not be `Sync`.
    let run = rule.claim.keyed(&key).run(move || {
        let request = request.take();
        let mut service = reserved.attempt(&template);
        async move {
            let request = request.ok_or(Used)?;
            service.ready().await.map_err(Into::into)?;
            service.call(request).await.map_err(Into::into)
        }
    });
    reserved.until_it_waits(run).await
}

/// A claim runs what it is for once.
#[derive(Debug, thiserror::Error)]
#[error("the request was sent already")]
struct Used;

impl<S: Clone, F> Clone for IdempotentService<S, F> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            rule: Arc::clone(&self.rule),
        }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for IdempotentService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotentService")
            .field("inner", &self.inner)
            .field("claim", &self.rule.claim)
            .finish()
    }
}
