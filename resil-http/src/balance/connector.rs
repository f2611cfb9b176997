//! A layer around reqwest's connector, which sees each connection begin and end. Of reqwest's pool nothing else can be
//! seen: the type of a connection is sealed, so that nobody is told when one is closed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower::{Layer, Service};

/// Is told of each connection that is to be made.
pub(crate) trait Watch: Clone {
    /// What is told of one of them. Dropped, it was given up, or has ended before.
    type Watching: Watching;

    /// A connection is begun.
    fn begin(&self) -> Self::Watching;
}

/// Is told of one connection.
pub(crate) trait Watching {
    /// It goes on.
    fn go_on(&mut self) {}

    /// It is there, or has failed.
    fn end(&mut self, is_open: bool);
}

/// The layer for reqwest's connector.
#[derive(Debug, Clone)]
pub(crate) struct Watched<W>(pub(crate) W);

impl<S, W: Clone> Layer<S> for Watched<W> {
    type Service = Connector<S, W>;

    fn layer(&self, connector: S) -> Connector<S, W> {
        Connector(Arc::new((connector, self.0.clone())))
    }
}

/// The connector in the layer.
///
/// For each request reqwest clones it six times, and makes a connection for few of them: so a clone is cheap, and
/// the connector itself is cloned where a connection is made.
#[derive(Debug)]
pub(crate) struct Connector<S, W>(Arc<(S, W)>);

impl<S, W> Clone for Connector<S, W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Service<R> + Clone, W: Watch, R> Service<R> for Connector<S, W> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<Oneshot<S, R>, W::Watching>;

    /// The connector's own readiness is waited for where it is used.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (connector, watch) = &*self.0;
        Connecting {
            watching: watch.begin(),
            connecting: Oneshot::new(connector.clone(), target),
        }
    }
}

pin_project! {
    /// A connection that is being made.
    pub(crate) struct Connecting<F, W> {
        #[pin]
        connecting: F,
        watching: W,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>, W: Watching> Future for Connecting<F, W> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.watching.go_on();
        let polled = this.connecting.poll(cx);
        if let Poll::Ready(made) = &polled {
            this.watching.end(made.is_ok());
        }
        polled
    }
}

/// Counts connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    opening: AtomicU64,
    opened: AtomicU64,
    failed: AtomicU64,
}

/// The connections that were made; [`PooledStats::connections`](super::PooledStats::connections) has them.
///
/// How many of them are still open, or idle, reqwest does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// How many are being made now.
    pub opening: u64,
    /// How many were made.
    pub opened: u64,
    /// How many could not be made, or were given up before they were there: `connect` has passed, or the call that
    /// wanted one has ended.
    pub failed: u64,
}

impl Counted {
    pub(crate) fn now(&self) -> Connections {
        Connections {
            opening: self.0.opening.load(Relaxed),
            opened: self.0.opened.load(Relaxed),
            failed: self.0.failed.load(Relaxed),
        }
    }
}

impl Watch for Counted {
    type Watching = Counting;

    fn begin(&self) -> Counting {
        self.0.opening.fetch_add(1, Relaxed);
        Counting(Some(Arc::clone(&self.0)))
    }
}

/// One connection that is counted.
#[derive(Debug)]
pub(crate) struct Counting(Option<Arc<Counts>>);

impl Watching for Counting {
    fn end(&mut self, is_open: bool) {
        if let Some(counts) = self.0.take() {
            let ended = if is_open {
                &counts.opened
            } else {
                &counts.failed
            };
            ended.fetch_add(1, Relaxed);
            counts.opening.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.end(false);
    }
}
