//! Tells an attempt that its connection is being made. reqwest makes connections in its pool, and says
//! nothing about them; a layer around its connector sees each one begin and end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower::{Layer, Service};

use super::current::{current, is_current};
use super::progress::Progress;

/// The layer for reqwest's connector.
#[derive(Debug, Clone, Copy)]
pub(super) struct TellConnecting;

impl<S> Layer<S> for TellConnecting {
    type Service = Telling<S>;

    fn layer(&self, connector: S) -> Telling<S> {
        Telling(Arc::new(connector))
    }
}

/// The connector in the layer.
///
/// For each request reqwest clones it six times, and makes a connection for few of them: so a clone is cheap, and
/// the connector itself is cloned where a connection is made.
#[derive(Debug)]
pub(super) struct Telling<S>(Arc<S>);

impl<S> Clone for Telling<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Service<R> + Clone, R> Service<R> for Telling<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<Oneshot<S, R>>;

    /// The connector's own readiness is waited for where it is used.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: R) -> Connecting<Oneshot<S, R>> {
        let attempt = current();
        if let Some(attempt) = &attempt {
            attempt.connecting();
        }
        Connecting {
            connecting: Oneshot::new(S::clone(&self.0), target),
            told: Told(attempt),
        }
    }
}

pin_project! {
    /// A connection that is being made.
    pub(super) struct Connecting<F> {
        #[pin]
        connecting: F,
        told: Told,
    }
}

/// The attempt that waits for the connection. Its limit, and a call that is dropped, end the wait too.
struct Told(Option<Arc<Progress>>);

impl Told {
    fn end(&mut self) {
        if let Some(attempt) = self.0.take() {
            attempt.connected();
        }
    }

    /// Returns whether the attempt is what polls the connection. If another connection has become free
    /// meanwhile, the attempt takes that one, and this one is finished in a task of its own, for the pool.
    fn is_awaited(&self) -> bool {
        self.0.as_ref().is_some_and(is_current)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.end();
    }
}

impl<F: Future> Future for Connecting<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !this.told.is_awaited() {
            this.told.end();
        }
        let polled = this.connecting.poll(cx);
        if polled.is_ready() {
            this.told.end();
        }
        polled
    }
}
