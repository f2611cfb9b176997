//! Admission: how many requests are inside at once, and how many come in so much time.

mod body;
mod fields;
mod future;
mod gate;
mod inside;

use std::fmt::{self, Display};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::request::Parts;
use http::{HeaderName, Request, Response};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use tower_layer::Layer;
use tower_service::Service;

pub use self::future::AdmissionFuture;

use self::future::{Told, wait};
use self::gate::{Gate, Limit, Look};
use self::inside::Inside;
use crate::BoxError;
use crate::ready::take_ready;
use crate::server::kept::Kept;

/// Lets so many requests in at once (a bulkhead), and so many of a caller in so much time (a rate limit). The
/// rest is refused before the handler has seen it.
///
/// It has the state of its name, as a stack has: the bulkhead and the rate limit called so, which attributes with
/// `name = ".."` share, and [`bulkhead`](resil_runtime::bulkhead()) and [`rate_limit`](resil_runtime::rate_limit())
/// return. The first settings of a name count; other ones are a
/// [conflict](resil_runtime::registry::Registry::conflicts).
///
/// | refused by | answer | of gRPC |
/// |---|---|---|
/// | the rate limit | 429, with the time until it would be let in as `Retry-After` | `grpc-status: 8` and `grpc-retry-pushback-ms` |
/// | the bulkhead | 503, with `Retry-After: 1` | `grpc-status: 8` |
/// | a shutdown, or a cancelled scope, while it waits | 503 | `grpc-status: 14` |
///
/// * The rate limit comes first. What it has let in counts, also if the bulkhead has no place for it then.
/// * Where their policies say so, requests wait, no longer than to the deadline in force: put a
///   [`DeadlineLayer`](super::DeadlineLayer) around.
/// * Each answer has the headers `RateLimit-Policy` and `RateLimit` of
///   [draft-ietf-httpapi-ratelimit-headers-11](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/),
///   refusals too, unless [`headers`](Self::headers) says otherwise: see [`rate_limit`](Self::rate_limit).
/// * A place lasts until the body of the answer has ended, or was dropped, as by a client that hangs up. So a
///   request that streams its answer is inside as long as it does.
/// * A handler under an [`IdempotencyKeyLayer`](crate::server::IdempotencyKeyLayer) goes on without its client, and keeps the place
///   until it ends.
/// * An adaptive limit learns from the time to the head of an answer: how fast the client takes the body says
///   nothing about this server. An answer of 503 or 504 (`grpc-status` 14 or 4) says that there is too much load, and so
///   does a request whose time is over by the maximum or the default of a [`DeadlineLayer`](super::DeadlineLayer). A
///   deadline of the caller's, 429, and any other answer of 500 and above say nothing.
/// * What [`exempt`](Self::exempt) returns true for is let in, takes no place and counts for no limit, and its
///   answer has no such headers.
///
/// Without a policy it lets all requests in.
///
/// # Cancellation
///
/// A request comes in when the service is called, if nothing has to be waited for. One that is dropped leaves the
/// queue, or drops the handler and gives its place back, unless the handler goes on.
///
/// # Panics
///
/// A request that waits panics outside a tokio runtime with the time driver. A panic of the handler gives the
/// place back, and goes through.
#[derive(Clone)]
pub struct AdmissionLayer {
    name: Arc<str>,
    gate: Gate,
}

impl AdmissionLayer {
    /// Creates the layer with the state called `name`. The name stands in the headers too, where what is not
    /// printable ASCII is replaced by `?`.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            gate: Gate::default(),
        }
    }

    /// Lets so many requests in at once as `policy` says, which may be adaptive.
    #[must_use]
    pub fn bulkhead(mut self, policy: BulkheadPolicy) -> Self {
        self.gate.bulkhead(&self.name, policy);
        self
    }

    /// Lets as many requests in as `policy` says: of all callers together, or of each one if there is a
    /// [`key`](Self::key) or a [`key_header`](Self::key_header).
    ///
    /// Each answer then has two headers, unless [`headers`](Self::headers) says otherwise. For 100 requests in 10 s:
    ///
    /// ```text
    /// RateLimit-Policy: "api";q=100;w=10
    /// RateLimit: "api";r=18;t=2
    /// ```
    ///
    /// `q` requests are let in each `w` seconds, evenly. A time that is no whole number of seconds is rounded up, and
    /// `q` with it. `r` requests would be let in at once now. `t` is the number of seconds in which that many are
    /// earned (one, if `r` is 0), so that a client that spreads `r` over `t` keeps to the limit; on a refusal it is
    /// `Retry-After`, and an answer that has a `Retry-After` of another cause has no `t`. The key is not sent: it may be a secret.
    ///
    /// The first seventeen values that the answers of a name have are kept as long as the process, as the state of the
    /// name is: less than two kilobytes.
    #[must_use]
    pub fn rate_limit(mut self, policy: RateLimitPolicy) -> Self {
        self.gate.rate_limit(&self.name, policy);
        self
    }

    /// Gives each caller a rate limit of its own: `key` names the caller of a request. Requests for which it
    /// returns `None` share the limit of the name. Called again, also as [`key_header`](Self::key_header), it replaces the
    /// one before.
    ///
    /// [`max_keys`](RateLimitPolicy::max_keys) bounds how many callers have one. Take what was authenticated, or an
    /// address: who may choose the key freely chooses a fresh limit with it.
    #[must_use]
    pub fn key<K: Display + 'static>(
        mut self,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.gate.key(key);
        self
    }

    /// Gives each caller a rate limit of its own, as [`key`](Self::key) does: what names the caller is the text of a
    /// header. Requests that do not have the header, or whose value is no UTF-8, share the limit of the name. Of several
    /// values the first one counts.
    ///
    /// It takes the text from where it stands. A function would have to copy it, and the request be taken apart for it.
    ///
    /// ```
    /// use http::HeaderName;
    /// use resil_http::server::AdmissionLayer;
    /// use resil_runtime::rate_limit::RateLimitPolicy;
    ///
    /// let admission = AdmissionLayer::new("api")
    ///     .rate_limit(RateLimitPolicy::new().max(50))
    ///     .key_header(HeaderName::from_static("x-api-key"));
    /// # let _ = admission;
    /// ```
    #[must_use]
    pub fn key_header(mut self, name: HeaderName) -> Self {
        self.gate.key_header(name);
        self
    }

    /// Sets whether answers tell of the [rate limit](Self::rate_limit) in headers. Default: true.
    ///
    /// A limit that strangers should not know is better not told. A refusal has its `Retry-After` all the same.
    #[must_use]
    pub fn headers(mut self, are_sent: bool) -> Self {
        self.gate.headers(are_sent);
        self
    }

    /// Lets all requests in for which `is_exempt` returns true: probes of health and readiness, which must not be
    /// refused when a server is busy. Called again, it replaces the one before.
    #[must_use]
    pub fn exempt(mut self, is_exempt: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.gate.exempt(is_exempt);
        self
    }
}

impl fmt::Debug for AdmissionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionLayer")
            .field("name", &self.name)
            .field("gate", &self.gate)
            .finish()
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admission<S>;

    fn layer(&self, inner: S) -> Admission<S> {
        Admission {
            inner,
            gate: self.gate.kept(),
        }
    }
}

/// The service of an [`AdmissionLayer`].
#[derive(Debug, Clone)]
pub struct Admission<S> {
    inner: S,
    gate: Kept<Gate>,
}

impl<S, B, C> Service<Request<B>> for Admission<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = AdmissionFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // To take a request apart is to copy it twice.
        if !self.gate.asks() {
            let limit = self.gate.limit_by_headers(request.headers());
            return self.admit(request, limit);
        }
        let (parts, body) = request.into_parts();
        if self.gate.is_exempt(&parts) {
            let answer = self.inner.call(Request::from_parts(parts, body));
            return AdmissionFuture::inside(answer, None, None);
        }
        let limit = self.gate.limit_of(&parts);
        self.admit(Request::from_parts(parts, body), limit)
    }
}

impl<S> Admission<S> {
    /// Lets a request in that counts for `limit`, if it may come now; else it waits, or is refused.
    fn admit<B, C>(
        &mut self,
        mut request: Request<B>,
        limit: Option<Limit>,
    ) -> AdmissionFuture<S::Future, S::Error>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
        S::Future: Send,
        B: Send + 'static,
        C: HttpBody<Data = Bytes> + Send + 'static,
        C::Error: Into<BoxError>,
    {
        let (place, available) = match self.gate.look(limit.as_ref()) {
            Look::In { place, available } => (place, available),
            Look::Undecided { is_counted } => {
                let inner = take_ready(&mut self.inner);
                let gate = self.gate.clone();
                return AdmissionFuture::outside(wait(gate, inner, request, limit, is_counted));
            }
        };
        let place = place.map(|place| Inside::of(place, &mut request));
        let told = limit.filter(Limit::is_told);
        let told = told.map(|limit| Told { limit, available });
        AdmissionFuture::inside(self.inner.call(request), place, told)
    }
}
