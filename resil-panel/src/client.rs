//! One open page: the frames that it has not read yet, up to a bound, as the body of its response.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use axum::body::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

/// The most frames that wait for a client: a client that reads none for ten seconds in a storm of events,
/// or for two minutes in quiet, is dropped.
const FRAMES: usize = 128;
/// The most bytes that wait for a client. (All clients share the bytes of a frame.)
const BYTES: usize = 1024 * 1024;

/// The end of a client's queue that the frames are put in at.
#[derive(Debug)]
pub(crate) struct Client {
    queue: mpsc::Sender<Bytes>,
    bytes: Arc<AtomicUsize>,
}

/// The other end: the body of the response. It ends when the client is dropped.
#[derive(Debug)]
pub(crate) struct Frames {
    first: Option<Bytes>,
    queue: mpsc::Receiver<Bytes>,
    bytes: Arc<AtomicUsize>,
}

/// Creates the queue of a client whose first frame is `first`.
pub(crate) fn client(first: Bytes) -> (Client, Frames) {
    let (sender, receiver) = mpsc::channel(FRAMES);
    let bytes = Arc::new(AtomicUsize::new(0));
    let client = Client {
        queue: sender,
        bytes: Arc::clone(&bytes),
    };
    let frames = Frames {
        first: Some(first),
        queue: receiver,
        bytes,
    };
    (client, frames)
}

impl Client {
    /// Puts a frame in. Returns false if the client is gone, or has too much to read: then it is to be
    /// dropped.
    pub(crate) fn send(&self, frame: &Bytes) -> bool {
        let waiting = self.bytes.fetch_add(frame.len(), Relaxed);
        // A frame that is longer than the bound by itself still reaches a client that keeps up.
        let has_room = waiting == 0 || waiting + frame.len() <= BYTES;
        has_room && self.queue.try_send(frame.clone()).is_ok()
    }

    /// Returns whether nobody reads the other end any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.queue.is_closed()
    }
}

impl Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let next = self.queue.poll_recv(cx);
        if let Poll::Ready(Some(frame)) = &next {
            self.bytes.fetch_sub(frame.len(), Relaxed);
        }
        next.map(|frame| frame.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(frames: &mut Frames) -> Poll<Option<Bytes>> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let next = Pin::new(frames).poll_next(&mut cx);
        next.map(|frame| frame.map(|Ok(frame)| frame))
    }

    fn fill(size: usize) -> usize {
        let (client, mut frames) = client(Bytes::new());
        let frame = Bytes::from(vec![b'x'; size]);
        let sent = (0..10_000).take_while(|_| client.send(&frame)).count();
        drop(client);
        // It gets the frames that it was sent, and then the end.
        assert!(matches!(next(&mut frames), Poll::Ready(Some(first)) if first.is_empty()));
        for _ in 0..sent {
            assert!(matches!(next(&mut frames), Poll::Ready(Some(_))));
        }
        assert!(matches!(next(&mut frames), Poll::Ready(None)));
        sent
    }

    #[test]
    fn a_client_that_reads_nothing_is_dropped_by_frames_or_by_bytes() {
        assert_eq!(fill(10), FRAMES);
        assert_eq!(fill(BYTES / 16), 16);
        // One that is too long goes to a client that has read all others.
        assert_eq!(fill(BYTES + 1), 1);
    }

    #[test]
    fn a_client_that_reads_is_kept() {
        let (client, mut frames) = client(Bytes::new());
        let frame = Bytes::from(vec![b'x'; BYTES]);
        assert!(matches!(next(&mut frames), Poll::Ready(Some(_))));
        for _ in 0..1_000 {
            assert!(client.send(&frame));
            assert!(matches!(next(&mut frames), Poll::Ready(Some(_))));
        }
        assert!(next(&mut frames).is_pending());
        assert!(!client.is_gone());
        drop(frames);
        assert!(client.is_gone());
        assert!(!client.send(&frame));
    }
}
