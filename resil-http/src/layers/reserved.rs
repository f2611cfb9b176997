//! What `poll_ready` has reserved for a request.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

/// The reservation of a request: the service that `poll_ready` has found ready.
pub(super) struct Reserved<S>(Mutex<Option<S>>);

impl<S> Reserved<S> {
    pub(super) fn new(ready: S) -> Self {
        Self(Mutex::new(Some(ready)))
    }

    pub(super) fn take(&self) -> Option<S> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }

    /// Runs `sending`, which takes the reservation when it sends the request. Where it waits for something else
    /// first (its turn, its place, its body, the answer to another one), the reservation is given back: it would be kept
    /// from those that it waits for.
    pub(super) async fn until_it_waits<F: Future>(&self, sending: F) -> F::Output {
        let mut sending = pin!(sending);
        poll_fn(|cx| {
            let polled = sending.as_mut().poll(cx);
            if polled.is_pending() {
                drop(self.take());
            }
            polled
        })
        .await
    }
}
