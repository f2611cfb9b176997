//! The body of an answer, under the limits of its call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use resil_runtime::clock::{self, Instant};

use super::end::End;
use super::error::ClientError;
use super::place::Place;
use super::timer::Timer;
use crate::balance::Picked;

/// The body of an answer.
///
/// It is under the limit `read`, which counts while somebody waits for the next bytes, and under what is left
/// of `total` or of the caller's deadline. After an error it ends. Dropped before its end, it closes the
/// connection.
pub struct ResponseBody {
    /// The name of the client.
    client: &'static str,
    body: reqwest::Body,
    read: Duration,
    end: End,
    attempts: u32,
    /// The endpoint, where the request is pending until the body has ended.
    picked: Option<Picked>,
    /// Since when somebody waits for the next bytes.
    waiting: Option<Instant>,
    timer: Timer,
    /// Parts that came without a wait. It wraps around.
    parts: u8,
    is_done: bool,
}

impl ResponseBody {
    pub(super) fn new(
        client: &'static str,
        body: reqwest::Body,
        read: Duration,
        end: End,
        attempts: u32,
        (picked, timer): (Option<Picked>, Timer),
    ) -> Self {
        let mut this = Self {
            client,
            body,
            read,
            end,
            attempts,
            picked,
            waiting: None,
            timer,
            parts: 0,
            is_done: false,
        };
        this.look_for_end();
        this
    }

    /// Returns the name of the client.
    pub(super) fn client(&self) -> &'static str {
        self.client
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Waits until the next limit, and returns the error that it means.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<ClientError> {
        let since = *self.waiting.get_or_insert_with(clock::now);
        let silent = clock::add(since, self.read);
        ready!(self.timer.poll(silent.min(self.end.at()), cx));
        if silent < self.end.at() {
            let (limit, at) = (self.read, Place::default());
            return Poll::Ready(ClientError::Read { limit, at });
        }
        ready!(self.timer.give_way(&self.end, cx));
        Poll::Ready(self.end.error(self.attempts))
    }

    fn fail<T>(&mut self, error: ClientError) -> Poll<Option<Result<T, ClientError>>> {
        let picked = self.picked.as_ref();
        let authority = || picked.map(|picked| picked.endpoint().authority().to_owned());
        let error = error.at(self.client, authority);
        self.end_body();
        Poll::Ready(Some(Err(error)))
    }

    /// Ends the wait for more where it is known that there is none, as after `HEAD`, after 204, and after the last
    /// byte of a known length: who has that much need not ask again.
    fn look_for_end(&mut self) {
        if http_body::Body::is_end_stream(&self.body) {
            self.end_body();
        }
    }

    /// Returns whether the call has to be over. As long as the timer has not fired, which is due by the end, the
    /// clock is read for one part in 16 only: a task that never waits gives tokio no turn to fire timers.
    fn has_passed(&mut self) -> bool {
        self.parts = self.parts.wrapping_add(1);
        let is_due = !self.timer.is_waiting() || self.parts.is_multiple_of(16);
        is_due && self.end.has_passed()
    }

    fn end_body(&mut self) {
        self.is_done = true;
        self.timer = Timer::default();
        self.picked = None;
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        let this = &mut *self;
        if this.is_done {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            // A body that always has more ready never waits, and so asks no timer.
            Poll::Ready(Some(Ok(_))) if this.waiting.is_none() && this.has_passed() => {
                let error = this.end.error(this.attempts);
                this.fail(error)
            }
            Poll::Ready(Some(Ok(frame))) => {
                this.waiting = None;
                this.look_for_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => this.fail(ClientError::transport(error)),
            Poll::Ready(None) => {
                this.end_body();
                Poll::Ready(None)
            }
            Poll::Pending => {
                let error = ready!(this.poll_limit(cx));
                this.fail(error)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_done || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("read", &self.read)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
