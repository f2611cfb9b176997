//! What `poll_ready` has reserved for a request.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use tower_service::Service;

/// The reservation of a request: the service that `poll_ready` has found ready.
pub(super) struct Reserved<S>(Mutex<Option<S>>);

impl<S: Clone> Reserved<S> {
    pub(super) fn new(ready: S) -> Self {
        Self(Mutex::new(Some(ready)))
    }

    fn take(&self) -> Option<S> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }

    /// Returns the service for one attempt: the one that is ready, or else a clone of `template`.
    pub(super) fn attempt(&self, template: &S) -> Attempt<S> {
        let ready = self.take();
        Attempt {
            is_ready: ready.is_some(),
            service: ready.unwrap_or_else(|| template.clone()),
        }
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

/// The service for one attempt.
pub(super) struct Attempt<S> {
    service: S,
    is_ready: bool,
}

impl<S: Clone> Attempt<S> {
    /// Gives the reservation back: the attempt has to wait for something else first.
    pub(super) fn give_back(&mut self) {
        if self.is_ready {
            self.service = self.service.clone();
            self.is_ready = false;
        }
    }
}

impl<S> Attempt<S> {
    /// Waits until the service is ready, if it is not.
    pub(super) async fn ready<Request>(&mut self) -> Result<(), S::Error>
    where
        S: Service<Request>,
    {
        if self.is_ready {
            return Ok(());
        }
        poll_fn(|cx| self.service.poll_ready(cx)).await
    }

    /// Calls the service, which is ready. What waits for the answer holds nothing of it.
    pub(super) fn call<Request>(mut self, request: Request) -> S::Future
    where
        S: Service<Request>,
    {
        self.service.call(request)
    }
}
