//! The body of a request.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::progress::Progress;
use crate::BoxError;

/// The body of a request.
///
/// Bytes are kept for all attempts, which share them. A stream is sent once: after its first byte was asked
/// for, no attempt follows.
pub struct Body(Inner);

enum Inner {
    Bytes(Bytes),
    Stream(reqwest::Body),
}

/// The most bytes that are taken to be sent at a time. Each such part is progress for the limit `write`.
const PART: usize = 16 * 1024;

/// The most bytes that are given to reqwest as they are, so that it can send them again where a redirect asks
/// for it. So few always fit in the buffers of this machine: they make no progress that could be seen.
const WHOLE: usize = 4 * PART;

impl Body {
    /// Creates an empty body.
    pub fn empty() -> Self {
        Self(Inner::Bytes(Bytes::new()))
    }

    /// Creates a body of a stream, which is sent once and in chunks. For a length that is known, wrap a body
    /// that knows it with `reqwest::Body::wrap`.
    ///
    /// A stream that gives nothing for longer than the limit `write` ends the call.
    pub fn stream<S, E>(stream: S) -> Self
    where
        S: futures_core::Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Inner::Stream(reqwest::Body::wrap_stream(stream)))
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

macro_rules! from_bytes {
    ($($of:ty),*) => {$(
        impl From<$of> for Body {
            fn from(bytes: $of) -> Self {
                Self(Inner::Bytes(Bytes::from(bytes)))
            }
        }
    )*};
}

from_bytes!(Bytes, Vec<u8>, String, &'static [u8], &'static str);

/// A body of bytes is copied, so that it can be sent again, and one that is over at once is empty. All others are
/// streams.
impl From<reqwest::Body> for Body {
    fn from(body: reqwest::Body) -> Self {
        match body.as_bytes() {
            Some(bytes) => Self(Inner::Bytes(Bytes::copy_from_slice(bytes))),
            // A `GET` that came in is forwarded with such a one.
            None if body.is_end_stream() => Self::empty(),
            None => Self(Inner::Stream(body)),
        }
    }
}

/// The body of a call, from which each attempt takes its own.
pub(super) enum Payload {
    Bytes(Bytes),
    Stream(Arc<Once>),
}

/// A stream that the first attempt to ask for a byte of it takes out.
#[derive(Debug)]
pub(super) struct Once {
    stream: Mutex<Option<reqwest::Body>>,
    length: Option<u64>,
}

impl Once {
    fn take(&self) -> Option<reqwest::Body> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.take()
    }
}

impl From<Body> for Payload {
    fn from(body: Body) -> Self {
        match body.0 {
            Inner::Bytes(bytes) => Self::Bytes(bytes),
            Inner::Stream(stream) => Self::Stream(Arc::new(Once {
                length: stream.size_hint().exact(),
                stream: Mutex::new(Some(stream)),
            })),
        }
    }
}

impl Payload {
    /// Returns whether another attempt can send it.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::Stream(once) => {
                let stream = once.stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.is_some()
            }
        }
    }

    /// Returns whether two attempts can send it at once.
    pub(super) fn can_be_shared(&self) -> bool {
        matches!(self, Self::Bytes(_))
    }

    /// Returns whether the body of an attempt tells of its progress.
    pub(super) fn tells(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.len() > WHOLE,
            Self::Stream(_) => true,
        }
    }

    /// Returns the body for one attempt; `None` for none. `progress` is told of it, if it [tells](Self::tells).
    pub(super) fn of_attempt(&self, progress: Option<&Arc<Progress>>) -> Option<reqwest::Body> {
        let (left, part, source) = match self {
            Self::Bytes(bytes) if bytes.is_empty() => return None,
            Self::Bytes(bytes) if !self.tells() => return Some(bytes.clone().into()),
            Self::Bytes(bytes) => (Some(bytes.len() as u64), bytes.clone(), Source::Bytes),
            Self::Stream(once) => {
                let source = Source::Untouched(Arc::clone(once));
                (once.length, Bytes::new(), source)
            }
        };
        let Some(progress) = progress.cloned() else {
            unreachable!("an attempt whose body tells has a progress")
        };
        Some(reqwest::Body::wrap(Upload {
            part,
            source,
            left,
            progress,
        }))
    }
}

/// A body that is sent in parts, and tells the attempt of each.
#[derive(Debug)]
struct Upload {
    /// What is at hand, and goes out first.
    part: Bytes,
    source: Source,
    /// The bytes that are left, if that is known.
    left: Option<u64>,
    progress: Arc<Progress>,
}

/// Where the bytes come from after those at hand.
#[derive(Debug)]
enum Source {
    /// There are none.
    Bytes,
    Untouched(Arc<Once>),
    Stream(reqwest::Body),
}

impl Upload {
    /// Takes the next part of what is at hand.
    fn next_part(&mut self) -> Frame<Bytes> {
        let part = self.part.split_to(self.part.len().min(PART));
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(part.len() as u64);
        }
        // Where the length is known, nobody asks whether there is more.
        if self.left == Some(0) || self.is_end_stream() {
            self.progress.written();
        } else {
            self.progress.wrote();
        }
        Frame::data(part)
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        this.progress.asked();
        loop {
            if !this.part.is_empty() {
                return Poll::Ready(Some(Ok(this.next_part())));
            }
            match &mut this.source {
                Source::Bytes => break,
                Source::Untouched(once) => match once.take() {
                    Some(stream) => this.source = Source::Stream(stream),
                    None => return Poll::Ready(Some(Err("the stream was sent before".into()))),
                },
                Source::Stream(stream) => match ready!(Pin::new(stream).poll_frame(cx)) {
                    None => break,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(part) => this.part = part,
                        Err(other) => return Poll::Ready(Some(Ok(other))),
                    },
                },
            }
        }
        this.progress.written();
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.part.is_empty()
            && match &self.source {
                Source::Bytes => true,
                Source::Untouched(_) => false,
                Source::Stream(stream) => stream.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}
