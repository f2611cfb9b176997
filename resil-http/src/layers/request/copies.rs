//! The copies of a request of HTTP.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http::request::Parts;
use http_body::Body;
use http_body_util::BodyExt;

use super::body::{EdgeBody, RepeatBody};
use super::parts::Part;
use super::shared::{Shared, Source};
use super::spent::Spent;
use super::{CloneRequest, Copies};
use crate::BoxError;

/// How many bytes of a body are kept for another copy of its request, unless
/// [`HttpRequests::buffer_limit`] says otherwise: 64 KiB.
pub const DEFAULT_LIMIT: usize = 64 * 1024;

/// Copies requests of HTTP: method, URI, version, headers, extensions, and the body with its trailers.
///
/// The body is sent as it comes, and kept meanwhile, up to a limit. Once more than that was read of it, what was kept
/// is let go, the rest is sent as it comes, and the request is not sent again. Nothing is read before it is sent: a
/// request whose body was not touched, as no connection was made, is sent again whatever its length is.
///
/// A hedge sends copies that are under way beside each other. For it the body is read before the first copy is
/// sent, if its length is declared and within the limit, or if it is there at once; another one is sent without a
/// hedge, so that a stream is never held back. It is read inside the policies of the layer: they refuse before that,
/// and a timeout bounds it.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequests {
    limit: usize,
}

impl HttpRequests {
    /// Creates the rule, with a limit of 64 KiB.
    pub const fn new() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
        }
    }

    /// Sets how many bytes of a body are kept. With 0 a body is sent once, unless it is empty.
    #[must_use]
    pub const fn buffer_limit(self, bytes: usize) -> Self {
        Self { limit: bytes }
    }
}

impl Default for HttpRequests {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: RepeatBody> CloneRequest<Request<B>> for HttpRequests {
    type Copies = HttpCopies<B>;

    fn copies(&self, request: Request<B>, spent: Spent) -> HttpCopies<B> {
        let (head, body) = request.into_parts();
        let body = if body.is_end_stream() {
            Held::Whole(Arc::new([]))
        } else {
            Held::Unsent(Unsent {
                source: Some(Box::pin(body.map_err(Into::into))),
                kept: VecDeque::new(),
                bytes: 0,
                is_declared: None,
                error: None,
            })
        };
        HttpCopies {
            head,
            body,
            limit: self.limit,
            spent,
            of: PhantomData,
        }
    }
}

/// A request of HTTP between its copies.
pub struct HttpCopies<B> {
    head: Parts,
    body: Held,
    limit: usize,
    spent: Spent,
    of: PhantomData<fn() -> B>,
}

enum Held {
    Whole(Arc<[Part]>),
    Unsent(Unsent),
    Shared(Arc<Shared>),
}

/// A body of which no copy was made.
struct Unsent {
    /// `None` after its end.
    source: Option<Source>,
    /// What was read of it.
    kept: VecDeque<Part>,
    bytes: usize,
    /// Whether its length is declared and within the limit, once it was asked.
    is_declared: Option<bool>,
    /// The error that it ended with.
    error: Option<BoxError>,
}

impl Unsent {
    /// Reads the body. Ready with false if it is too long, if it is not there and its length is not declared, or if
    /// it has failed.
    fn poll_whole(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(self.error.is_none());
        };
        let hint = source.size_hint();
        let is_declared = *self
            .is_declared
            .get_or_insert_with(|| hint.upper().is_some_and(|upper| upper <= limit as u64));
        if hint.lower() > limit as u64 {
            return Poll::Ready(false);
        }
        while self.bytes <= limit {
            match source.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(part) = Part::of(frame) {
                        self.bytes = self.bytes.saturating_add(part.len());
                        self.kept.push_back(part);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.error = Some(error);
                    self.source = None;
                    return Poll::Ready(false);
                }
                Poll::Ready(None) => {
                    self.source = None;
                    return Poll::Ready(true);
                }
                Poll::Pending if is_declared => return Poll::Pending,
                Poll::Pending => return Poll::Ready(false),
            }
        }
        Poll::Ready(false)
    }

    fn share(self, limit: usize, spent: Spent) -> Shared {
        let source = match (self.source, self.error) {
            (Some(source), _) => Ok(source),
            (None, Some(error)) => Err(error),
            (None, None) => unreachable!("a body that was read in whole is not shared"),
        };
        Shared::new(source, self.kept, limit, spent)
    }
}

impl<B: RepeatBody> Copies<Request<B>> for HttpCopies<B> {
    fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Held::Unsent(unsent) = &mut self.body else {
            return Poll::Ready(matches!(self.body, Held::Whole(_)));
        };
        let polled = unsent.poll_whole(self.limit, cx);
        if matches!(polled, Poll::Ready(true)) {
            let parts = mem::take(&mut unsent.kept);
            self.body = Held::Whole(parts.into_iter().collect());
        }
        polled
    }

    fn next(&mut self) -> Option<Request<B>> {
        if let Held::Unsent(_) = &self.body {
            let nothing = Held::Whole(Arc::new([]));
            if let Held::Unsent(unsent) = mem::replace(&mut self.body, nothing) {
                let shared = unsent.share(self.limit, self.spent.clone());
                self.body = Held::Shared(Arc::new(shared));
            }
        }
        let body = match &self.body {
            Held::Whole(parts) => EdgeBody::whole(Arc::clone(parts)),
            Held::Shared(shared) => EdgeBody::shared(Arc::clone(shared), shared.begin()?),
            Held::Unsent(_) => unreachable!("it is shared by now"),
        };
        Some(Request::from_parts(self.head.clone(), B::from_edge(body)))
    }
}

impl<B> fmt::Debug for HttpCopies<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCopies")
            .field("head", &self.head)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
