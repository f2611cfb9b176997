//! The answer to a call.

use std::fmt;
use std::net::SocketAddr;

use ::http::response::Parts;
use ::http::{HeaderMap, StatusCode, Version};
use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use url::Url;

use super::answer::ResponseBody;
use super::error::ClientError;
use super::place::Place;
use crate::shown::authority;

/// The answer to a call through a [`Client`](super::Client). Its head is here; its body is yet to come.
pub struct Response {
    url: Url,
    // Boxed: it comes up through all the futures of a call.
    answered: Box<Answered>,
}

/// An answer that one attempt has had.
pub(super) struct Answered {
    pub(super) head: Parts,
    /// The URL that answered, if it is another than that of the call.
    pub(super) moved: Option<Url>,
    pub(super) remote: Option<SocketAddr>,
    pub(super) body: ResponseBody,
}

impl Answered {
    /// Returns the answer to the call to `url`.
    pub(super) fn to(mut self: Box<Self>, url: Url) -> Response {
        Response {
            url: self.moved.take().unwrap_or(url),
            answered: self,
        }
    }
}

impl Response {
    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.answered.head.status
    }

    /// Returns the version of HTTP.
    pub fn version(&self) -> Version {
        self.answered.head.version
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.answered.head.headers
    }

    /// Returns the URL that answered, which is another than the one of the request after a redirect.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the address that answered, if it is known.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.answered.remote
    }

    /// Returns the number of requests that were begun, this one included.
    pub fn attempts(&self) -> u32 {
        self.answered.body.attempts()
    }

    /// Returns the length of the body, if the answer says it and the body is not decompressed.
    pub fn content_length(&self) -> Option<u64> {
        http_body::Body::size_hint(&self.answered.body).exact()
    }

    /// Returns the answer, or an error if its status is one.
    ///
    /// # Errors
    ///
    /// [`ClientError::Status`] for 400 to 599.
    pub fn error_for_status(self) -> Result<Self, ClientError> {
        let status = self.status();
        if status.is_client_error() || status.is_server_error() {
            let at = Place::default();
            return Err(self.at(ClientError::Status { status, at }));
        }
        Ok(self)
    }

    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// [`Read`](ClientError::Read) if no byte came for so long, [`Total`](ClientError::Total) or
    /// [`Deadline`](ClientError::Deadline) if the time of the call is over,
    /// [`Transport`](ClientError::Transport) if the body broke off. So do all methods that read the body.
    pub async fn bytes(mut self) -> Result<Bytes, ClientError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        // Most bodies come in one part: it need not be put together with others.
        if http_body::Body::is_end_stream(&self.answered.body) {
            return Ok(first);
        }
        // Where it is: to collect it by value would move it out of its box first.
        let rest = (&mut self.answered.body).collect().await;
        let rest = rest.map_err(|error| self.at(error))?.aggregate();
        if !rest.has_remaining() {
            return Ok(first);
        }
        let mut whole = first.chain(rest);
        Ok(whole.copy_to_bytes(whole.remaining()))
    }

    /// Reads the whole body as UTF-8; what is none is replaced by `U+FFFD`.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes).
    pub async fn text(self) -> Result<String, ClientError> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes), and [`Json`](ClientError::Json) if it is not the JSON of a `T`.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let (client, url) = (self.answered.body.client(), self.url.clone());
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|source| {
            let at = Place::default();
            ClientError::Json { source, at }.at(client, || Some(authority(&url)))
        })
    }

    /// Waits for the next bytes of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// Those of [`bytes`](Self::bytes).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        while let Some(frame) = self.answered.body.frame().await {
            let frame = frame.map_err(|error| self.at(error))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Returns an error of this answer.
    fn at(&self, error: ClientError) -> ClientError {
        error.at(self.answered.body.client(), || Some(authority(&self.url)))
    }

    /// Returns the body, to be read as a stream.
    pub fn into_body(self) -> ResponseBody {
        self.answered.body
    }
}

impl From<Response> for ::http::Response<ResponseBody> {
    fn from(response: Response) -> Self {
        let answered = *response.answered;
        Self::from_parts(answered.head, answered.body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("version", &self.version())
            .field("headers", self.headers())
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
