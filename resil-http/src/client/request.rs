//! A request that is being put together.

use std::fmt;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use bytes::Bytes;
use serde::Serialize;
use url::Url;

use super::body::Body;
use super::call::send;
use super::error::ClientError;
use super::mesh::RetriedBy;
use super::order::Order;
use super::response::Response;
use super::settings::Shared;
use crate::shown::shown;

/// A request that is being put together.
///
/// What can't be sent (a path that is none, a header with a line break) is kept until
/// [`send`](Self::send), which then returns [`ClientError::Request`] and sends nothing.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Shared,
    url: Result<Url, ClientError>,
    order: Order,
}

impl RequestBuilder {
    pub(super) fn new(client: Shared, method: Method, path: &str) -> Self {
        let mut head = Request::new(());
        *head.method_mut() = method;
        Self {
            url: client.settings().target.url(path),
            order: Order::new(head, Body::empty()),
            client,
        }
    }

    /// Adds a header.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<::http::Error>>,
        V: TryInto<HeaderValue, Error: Into<::http::Error>>,
    {
        let name: Result<HeaderName, ::http::Error> = name.try_into().map_err(Into::into);
        let value: Result<HeaderValue, ::http::Error> = value.try_into().map_err(Into::into);
        match (name, value) {
            (Ok(name), Ok(value)) => {
                self.order.head.headers_mut().append(name, value);
                self
            }
            (Err(error), _) => self.refuse(format!("the name of a header: {error}")),
            (Ok(name), Err(error)) => self.refuse(format!("the header `{name}`: {error}")),
        }
    }

    /// Adds headers, in the place of those of the same names.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.order.head.headers_mut().extend(headers);
        self
    }

    /// Adds `authorization: Bearer <token>`.
    pub fn bearer(self, token: &str) -> Self {
        match HeaderValue::try_from(format!("Bearer {token}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.header(AUTHORIZATION, value)
            }
            Err(error) => self.refuse(format!("the header `authorization`: {error}")),
        }
    }

    /// Adds pairs to the query, which encodes them.
    pub fn query<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut pairs = pairs.into_iter().peekable();
        if let Ok(url) = &mut self.url
            // No pairs would leave a question mark.
            && pairs.peek().is_some()
        {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// Sets the body. Bytes are sent with each attempt; a stream is sent once.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.order.body = body.into();
        self
    }

    /// Sets the body to the JSON of `value`, and the content type to `application/json` unless there is one.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => {
                let headers = self.order.head.headers_mut();
                headers
                    .entry(CONTENT_TYPE)
                    .or_insert(HeaderValue::from_static("application/json"));
                self.body(json)
            }
            Err(error) => self.refuse(format!("the body is no JSON: {error}")),
        }
    }

    /// Carries the trace of an incoming request, as [`Client::with_context`](super::Client::with_context) does for all requests.
    pub fn context(mut self, incoming: &HeaderMap) -> Self {
        self.client = self.client.with_context(incoming);
        self
    }

    /// Sets the limit of this call in place of the client's `total`.
    pub fn total(mut self, limit: Duration) -> Self {
        self.order.total = Some(limit);
        self
    }

    /// Sets the limit of each attempt of this call in place of the client's `attempt`.
    ///
    /// Where it is longer than the client's `read`, and the client's `attempt` is not, `read` leaves the attempt the
    /// time of a connection: it passes later by up to `connect`.
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.order.attempt = Some(limit);
        self
    }

    /// Says who retries this call, in place of the client's [`retried_by`](super::Builder::retried_by).
    /// Without a mesh the client does.
    pub fn retried_by(mut self, who: RetriedBy) -> Self {
        self.order.retried_by = Some(who);
        self
    }

    /// Sets the key by which [`Strategy::ConsistentHash`](crate::balance::Strategy) picks the endpoint: requests
    /// of one key go to the same one.
    pub fn balance_key(mut self, key: impl Into<Bytes>) -> Self {
        self.order.balance_key = Some(key.into());
        self
    }

    /// Sends the request under the policies of the client, and returns the answer, whatever its status is:
    /// the last one if there were several attempts.
    ///
    /// # Errors
    ///
    /// One of [`ClientError`] if there is no answer.
    ///
    /// # Cancellation
    ///
    /// Dropped, it closes the connection of a request that was sent (over HTTP/2 it resets the stream). The
    /// other side may have executed the request.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with the drivers for time and input and output.
    pub fn send(self) -> impl Future<Output = Result<Response, ClientError>> + Send {
        // Not an `async fn`, whose future would have room for all of this twice.
        let Self {
            client,
            url,
            mut order,
        } = self;
        async move { send(&client, url, &mut order).await }
    }

    /// Keeps the first reason for which the request can't be sent.
    fn refuse(mut self, reason: String) -> Self {
        if self.url.is_ok() {
            self.url = Err(ClientError::request(reason));
        }
        self
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("client", &self.client.settings().name)
            .field("method", self.order.head.method())
            .field("headers", self.order.head.headers())
            .field("url", &self.url.as_ref().map(shown))
            .field("body", &self.order.body)
            .finish_non_exhaustive()
    }
}
