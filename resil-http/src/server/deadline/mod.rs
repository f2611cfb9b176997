//! The deadline of a request: read from its headers, in force in its handler, and kept.

mod future;
mod header;

pub use self::future::DeadlineFuture;
pub(super) use self::future::poll_timer;

use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::{HeaderName, Request, Response};
use resil_runtime::edge::in_force;
use resil_runtime::{Deadline, clock};
use tower_layer::Layer;
use tower_service::Service;

use self::future::Limit;
use self::header::{Asked, Headers};
use crate::BoxError;
use crate::names::REQUEST_TIMEOUT;
use crate::server::came::Calling;

/// Gives each request a deadline, which is in force in its handler, and answers 504 when it has passed.
///
/// The time counts from the request's coming to this layer. It is the shortest that any of these headers says:
///
/// | header | value |
/// |---|---|
/// | `grpc-timeout` | at most eight digits and a unit: `H`, `M`, `S`, `m` (ms), `u` (µs) or `n` (ns) |
/// | `x-envoy-expected-rq-timeout-ms` | milliseconds: what is left of the time that Envoy allows |
/// | `x-request-timeout-ms`, or [another one](Self::header) | milliseconds |
///
/// It is cut to the [maximum](Self::max), and a request that says none gets the [default](Self::default). So
/// each request has a deadline.
///
/// * In the handler it is the ambient deadline, [`Deadline::current`]: `#[timeout]`s, back-off sleeps and waits in
///   queues inside keep to it, and calls can tell the other side what is left.
/// * When it passes before the handler has answered, the handler is dropped, and the answer is
///   [`Error::Timeout`](resil_runtime::Error) as a response: 504. A request of gRPC is answered with status 200 and
///   `grpc-status: 4` (`DEADLINE_EXCEEDED`).
/// * The handler of a request whose time is 0 is never started.
/// * An answer that is there when the time is up counts.
/// * A malformed value is ignored. The first one of each header is told, once for all layers with the default headers
///   and once for each with [another one](Self::header): [`Event::HeaderIgnored`](resil_runtime::event::Event), a
///   warning with the feature `tracing`.
///
/// It bounds the time to the answer's head, as tower-http's and tonic's timeouts do: the body of an answer that is
/// streamed may take longer. A client that does not wait for it hangs up, and then the body is dropped.
///
/// ```
/// use std::time::Duration;
///
/// use axum::Router;
/// use axum::routing::get;
/// use resil_http::server::DeadlineLayer;
/// use resil_runtime::Deadline;
///
/// async fn left() -> String {
///     format!("{:?}", Deadline::current().map(Deadline::remaining))
/// }
///
/// let deadlines = DeadlineLayer::new()
///     .max(Duration::from_secs(30))
///     .default(Duration::from_secs(10));
/// let app: Router = Router::new().route("/", get(left)).layer(deadlines);
/// # let _ = app;
/// ```
///
/// # Cancellation
///
/// A request that is dropped, as by a client that hangs up, drops the handler.
///
/// # Panics
///
/// A handler that is not ready at once panics outside a tokio runtime with the time driver.
#[derive(Debug, Clone)]
pub struct DeadlineLayer {
    max: Duration,
    default: Option<Duration>,
    /// `None` for those that a layer has unless it is told another one. Nothing is shared then: a count of references
    /// that each request writes to would go from core to core.
    headers: Option<Arc<Headers>>,
}

/// The headers of layers that have no header of their own.
static DEFAULT: LazyLock<Headers> = LazyLock::new(|| Headers::with(REQUEST_TIMEOUT));

/// The longest time that a request may take unless it is said: a minute.
const MAX: Duration = Duration::from_secs(60);

impl DeadlineLayer {
    /// Creates the layer with a maximum of 60 s, which is also the time of a request that says none.
    #[expect(
        clippy::new_without_default,
        reason = "`default` sets the time of a request that says none"
    )]
    pub fn new() -> Self {
        Self {
            max: MAX,
            default: None,
            headers: None,
        }
    }

    /// Sets the longest time that a request may take, whatever it says. Default: 60 s.
    #[must_use]
    pub fn max(mut self, limit: Duration) -> Self {
        self.max = limit;
        self
    }

    /// Sets the time of a request that says none; at most the [maximum](Self::max). Default: the maximum.
    #[must_use]
    pub fn default(mut self, limit: Duration) -> Self {
        self.default = Some(limit);
        self
    }

    /// Sets the header that has the time in milliseconds, beside those of gRPC and of Envoy. Default:
    /// `x-request-timeout-ms`.
    #[must_use]
    pub fn header(mut self, name: HeaderName) -> Self {
        self.headers = Some(Arc::new(Headers::with(name)));
        self
    }

    fn headers(&self) -> &Headers {
        self.headers.as_deref().unwrap_or_else(|| &DEFAULT)
    }

    /// Returns the time that a request has whose caller asks for this one.
    fn limit(&self, asked: Option<Duration>) -> Limit {
        let time = asked.or(self.default);
        Limit {
            time: time.map_or(self.max, |time| time.min(self.max)),
            is_callers: asked.is_some_and(|asked| asked < self.max),
        }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> DeadlineService<S> {
        DeadlineService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of a [`DeadlineLayer`].
#[derive(Debug, Clone)]
pub struct DeadlineService<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S, B, C> Service<Request<B>> for DeadlineService<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> DeadlineFuture<S::Future> {
        let Asked { time, is_grpc } = self.layer.headers().read(request.headers());
        let limit = self.layer.limit(time);
        let came = clock::now();
        let deadline = Deadline::at(clock::add(came, limit.time));
        if limit.time.is_zero() {
            return DeadlineFuture::new(None, deadline, limit, is_grpc);
        }
        let around = (in_force(deadline), Calling::since(came));
        let handler = self.inner.call(request);
        drop(around);
        DeadlineFuture::new(Some(handler), deadline, limit, is_grpc)
    }
}
