//! The body of a request that may be sent again.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};

use super::parts::Part;
use super::shared::Shared;
use crate::BoxError;

/// A body type that a request under a retry or a hedge may have: it can carry the body of a copy, an [`EdgeBody`].
///
/// The service inside takes the same type of requests as the one around it. The bodies of axum, tonic and reqwest
/// (behind the features `axum`, `tonic`, `client`) are such types, and the boxes of `http-body-util` over `Bytes`
/// and [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't carry the body of a request that is sent again",
    note = "map the body into a `http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, resil_http::BoxError>`; or, \
            if it is `Clone`, write `.clone_request(resil_http::layers::ByClone::new())`; or, if it need not be sent \
            again, `.clone_request(resil_http::layers::Once::new())`"
)]
pub trait RepeatBody: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {
    /// Returns a body that carries that one.
    fn from_edge(body: EdgeBody) -> Self;
}

/// The body of one copy of a request that may be sent again.
///
/// It gives the frames as they came, trailers too, and is as long as the body of the request. A copy that is
/// followed by another one ends with an error, if it is still read then.
pub struct EdgeBody {
    kind: Kind,
    /// The number of parts that were read.
    at: usize,
}

enum Kind {
    /// All of it is here.
    Whole(Arc<[Part]>),
    /// Copy `number` of a body that is sent as it comes.
    Shared { shared: Arc<Shared>, number: u32 },
}

impl EdgeBody {
    pub(super) fn whole(parts: Arc<[Part]>) -> Self {
        Self {
            kind: Kind::Whole(parts),
            at: 0,
        }
    }

    pub(super) fn shared(shared: Arc<Shared>, number: u32) -> Self {
        Self {
            kind: Kind::Shared { shared, number },
            at: 0,
        }
    }
}

/// An empty body.
impl Default for EdgeBody {
    fn default() -> Self {
        Self::whole(Arc::new([]))
    }
}

/// A body of these bytes.
impl From<Bytes> for EdgeBody {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self::whole(Arc::new([Part::Data(bytes)]))
    }
}

impl Body for EdgeBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let at = self.at;
        let frame = match &self.kind {
            Kind::Whole(parts) => parts.get(at).map(|part| Ok(part.clone().into_frame())),
            Kind::Shared { shared, number } => ready!(shared.poll_part(*number, at, cx)),
        };
        if matches!(frame, Some(Ok(_))) {
            self.at += 1;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(parts) => self.at >= parts.len(),
            Kind::Shared { shared, .. } => shared.is_end(self.at),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(parts) => {
                let left = parts.get(self.at..).unwrap_or_default();
                SizeHint::with_exact(left.iter().map(|part| part.len() as u64).sum())
            }
            Kind::Shared { shared, .. } => shared.size_hint(self.at),
        }
    }
}

impl fmt::Debug for EdgeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeBody")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl RepeatBody for EdgeBody {
    fn from_edge(body: EdgeBody) -> Self {
        body
    }
}

impl RepeatBody for UnsyncBoxBody<Bytes, BoxError> {
    fn from_edge(body: EdgeBody) -> Self {
        Self::new(body)
    }
}

impl RepeatBody for BoxBody<Bytes, BoxError> {
    fn from_edge(body: EdgeBody) -> Self {
        Self::new(body)
    }
}

#[cfg(feature = "axum")]
impl RepeatBody for axum::body::Body {
    fn from_edge(body: EdgeBody) -> Self {
        Self::new(body)
    }
}

#[cfg(feature = "tonic")]
impl RepeatBody for tonic::body::Body {
    fn from_edge(body: EdgeBody) -> Self {
        Self::new(body)
    }
}

#[cfg(feature = "client")]
impl RepeatBody for reqwest::Body {
    fn from_edge(body: EdgeBody) -> Self {
        Self::wrap(body)
    }
}
