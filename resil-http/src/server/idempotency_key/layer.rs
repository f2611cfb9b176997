//! The layer, and what can be set of it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use resil_runtime::Stack;
use resil_runtime::idempotency::{Conflict, IdempotentPolicy};
use resil_stores::Shared;
use tower_layer::Layer;

use super::service::IdempotencyKeyService;
use super::settings::{Caller, Settings};
use crate::server::kept::Function;
use crate::server::places::have_keys;

/// A layer for axum that answers requests by their `Idempotency-Key`: the first one with a key runs the handler,
/// and those that come again get its answer, with `Idempotency-Replayed: true`.
///
/// ```
/// use axum::Router;
/// use axum::routing::post;
/// use resil_http::server::IdempotencyKeyLayer;
///
/// let keys = IdempotencyKeyLayer::new("payments", |request| {
///     let account = request.headers.get("x-account")?;
///     account.to_str().ok().map(str::to_owned)
/// });
/// let app: Router = Router::new()
///     .route("/payments", post(|| async { "paid" }))
///     .layer(keys.required(true));
/// # let _ = app;
/// ```
///
/// # What a request is answered
///
/// | case | answer |
/// |---|---|
/// | no key, where one is required | 400, `key_missing` |
/// | two keys, or one that is none | 400, `malformed_key` |
/// | nobody knows whose request it is | 400, `caller_unknown` |
/// | its body is above [`max_request`](Self::max_request) | 413, `body_too_large` |
/// | its body can't be read | 400, `body_unreadable` |
/// | the first one with its key | what the handler answers |
/// | the first one still runs | 409, `in_progress`; or it waits, under [`Conflict::Wait`] |
/// | the first one is done | the status, the chosen headers and the body of its answer, with `Idempotency-Replayed: true` |
/// | the key was used with another payload | 422, `key_reused` |
/// | the first one vanished (its process, or by a panic) | the handler runs again; 409, `indeterminate`, under [`OnAbandon::Indeterminate`](resil_runtime::idempotency::OnAbandon::Indeterminate) |
/// | the answer could not be recorded, as it can't be kept | 500, `result_lost`, and nothing runs |
/// | the store is away | 503, `store_unavailable` |
///
/// A refusal is a problem report (RFC 9457, `application/problem+json`) with the word in `code`, as
/// `resil::Error` is as a response. Other methods than `POST` and `PATCH`, requests without a key where none is required,
/// and calls of gRPC go to the handler untouched.
///
/// The payload is the method, the path with its query, the chosen headers, and the body: their SHA-256 is
/// compared. A key belongs to its caller, so that two callers with one key never meet.
///
/// # What is recorded
///
/// Answers whose status [says what became of the request](Self::record): all but 408, 425, 429 and 5xx. Any other
/// frees the key: it says that nothing was done.
///
/// * 408, 504 and a [`Timeout`](resil_runtime::Error::Timeout) of resil's say that somebody stopped waiting. What became of
///   the request is not known, so the key is abandoned, as [`IdempotentPolicy::on_abandon`] says.
/// * 409 with `Retry-After` says that another server still has the request, as do this layer's `in_progress` and the same
///   error of `#[idempotent]`. It is never recorded, and frees the key.
///
/// An answer that streams (its length is not known), has trailers, or is above [`max_answer`](Self::max_answer)
/// is not recorded. It goes to its caller with the header `Idempotency-Unrecorded` (`streaming`, `trailers`,
/// `too-large`; `broken` for one that breaks off) and an [event](resil_runtime::idempotency::IdempotencyEvent::NotRecorded) tells it. The key is
/// done: it does not run again, and comes back as `result_lost`. So put compression, which makes streams of
/// answers, outside of this layer.
///
/// # A client that goes
///
/// Once the handler has begun, it goes on to its end in a task of its own, though the client is gone or a layer
/// outside has given up: the client that asks again with the key gets the recorded answer. So the deadline of the request
/// is not in force in the handler, which has [`max_run`](Self::max_run) in its place. The claim, and the wait for another
/// request with the key, keep to the deadline. A request that only waits is dropped with its client.
///
/// `resil::drain` (feature `shutdown`) waits for the handler. A panic of the handler goes through, and abandons the key, as
/// [`IdempotentPolicy::on_abandon`] says. Task-locals that a layer outside has set are not there; what is in the extensions
/// of the request is.
///
/// The handler keeps the places of all [`AdmissionLayer`](crate::server::AdmissionLayer)s around until it ends. Another bulkhead,
/// such as that of a stack or tower's `ConcurrencyLimit`, knows nothing of it: put it inside of this layer.
///
/// # Where to put it
///
/// Inside of what knows the caller (authentication), of limits, deadlines and compression; outside of nothing but the
/// handler. A request above the limits is then refused before it touches its key. The body of the request is
/// read whole before the handler begins: [`max_request`](Self::max_request) bounds it, and a deadline outside how
/// long it takes.
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it is added"]
pub struct IdempotencyKeyLayer {
    settings: Arc<Settings>,
}

impl IdempotencyKeyLayer {
    /// Makes a layer whose keys belong to `name`, and within it to the caller that `caller` returns: an account, a
    /// user, an API key. Requests with a key for which it returns `None` or an empty text are refused.
    ///
    /// By default the store is that of the process (in memory, if none is installed), a key is not required, an
    /// answer is replayed for 24 h, and a request whose first one still runs is refused.
    ///
    /// # Panics
    ///
    /// If `name` is not 1 to 128 of `A-Z a-z 0-9 _ . : -`.
    pub fn new(
        name: &'static str,
        caller: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let policy = IdempotentPolicy::new().conflict(Conflict::Reject);
        let keyed = policy.around(Stack::new(name));
        let caller: Function<Caller> = Function::new(caller, |caller| caller, |caller| caller);
        Self {
            settings: Arc::new(Settings::new(keyed, caller)),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.settings);
        settings.forever = OnceLock::new();
        set(settings);
        self
    }

    /// Sets the policy: how long an answer is replayed, whether a request waits for the first one, what happens to a
    /// key whose handler vanished. Default `IdempotentPolicy::new().conflict(Conflict::Reject)`.
    pub fn policy(self, policy: IdempotentPolicy) -> Self {
        self.set(|s| s.keyed = policy.around(Stack::new(s.keyed.name())))
    }

    /// Sets the store. Default that of the process. The keys of one `name` on one store are shared by all servers.
    pub fn store(self, store: Shared) -> Self {
        self.set(|s| s.store = Some(store))
    }

    /// Sets whether a request has to have a key. Default `false`.
    pub fn required(self, required: bool) -> Self {
        self.set(|s| s.is_required = required)
    }

    /// Sets the methods that have keys. Default `POST` and `PATCH`: the others are idempotent by themselves.
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.set(|s| {
            s.methods = methods.into_iter().collect();
            have_keys(&s.methods);
        })
    }

    /// Sets whether a key has to be in quotes, as the draft has it. By default it may be: `"abc"` and `abc` are one
    /// key.
    pub fn quotes_only(self, only: bool) -> Self {
        self.set(|s| s.needs_quotes = only)
    }

    /// Sets the headers of a request that are a part of its payload. Default `content-type`.
    ///
    /// Leave out what differs when a client asks again: dates, traces, tokens that were refreshed.
    pub fn payload_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|s| s.payload_headers = names.into_iter().collect())
    }

    /// Sets the headers of an answer that are replayed. Default `allow`, `content-disposition`, `content-encoding`,
    /// `content-language`, `content-location`, `content-type`, `etag`, `last-modified`, `link`, `location` and
    /// `www-authenticate`. The first answer has all of its headers.
    ///
    /// Without its `content-encoding` the body of a compressed answer could not be read: keep that name.
    pub fn replayed_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|s| s.replayed_headers = names.into_iter().collect())
    }

    /// Sets where it is told what clients have to do about keys: each refusal has a link to there,
    /// `Link: <url>; rel="describedby"`. Default none.
    ///
    /// # Panics
    ///
    /// If `url` has anything but visible ASCII, or one of `<>"`.
    pub fn documentation(self, url: &str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"');
        assert!(
            !url.is_empty() && url.bytes().all(is_plain),
            "`{url}` is no URL that a header can have"
        );
        let link = HeaderValue::try_from(format!("<{url}>; rel=\"describedby\""));
        self.set(|s| s.documentation = link.ok())
    }

    /// Sets the most bytes of a request's body. Default 1 MiB. A larger one is refused with 413.
    pub fn max_request(self, bytes: usize) -> Self {
        self.set(|s| s.max_request = bytes)
    }

    /// Sets the most bytes of an answer's body that are recorded. Default 100 KiB.
    ///
    /// Text is recorded as a JSON string, and other bytes as twice as many hex digits. The store has a limit of its
    /// own for the whole, 256 KiB by default (`max_result`): an answer above it is lost too.
    pub fn max_answer(self, bytes: usize) -> Self {
        self.set(|s| s.max_answer = bytes)
    }

    /// Sets the longest time that a handler runs, from its beginning to the end of its answer. Default 10 min. One that takes
    /// longer is dropped, its client is answered 504, and its key is abandoned.
    ///
    /// The deadline of the request does not end it, so nothing else does where the handler has no timeouts.
    pub fn max_run(self, limit: Duration) -> Self {
        self.set(|s| s.max_run = limit)
    }

    /// Sets which answers are recorded, by their status; any other frees the key. Default all but 408, 425, 429 and
    /// 5xx. (Stripe records 5xx too: `.record(|_| true)`.)
    pub fn record(self, records: impl Fn(StatusCode) -> bool + Send + Sync + 'static) -> Self {
        self.set(|s| s.records = Function::new(records, |records| records, |records| records))
    }
}

impl<S> Layer<S> for IdempotencyKeyLayer {
    type Service = IdempotencyKeyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        IdempotencyKeyService::new(inner, Settings::kept(&self.settings))
    }
}
