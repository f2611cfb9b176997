//! A body under a claim on a shared store: the heartbeat beside it, and its end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::owner::{Beat, End, Lost, Owner};
use crate::call::CallState;
use crate::call::{Failure, Outcome};
use crate::clock;
use crate::error::Refusal;
use crate::idempotency::codec::Gate;
use crate::idempotency::error::IdempotencyError;
use crate::idempotency::event::NotRecordedReason;
use crate::idempotency::store::{self, Recorded};
use crate::idempotency::under::{Frame, under};

/// See the module. Boxed, as it is larger than the state of a call in memory.
pub(in crate::idempotency) struct Tenure<'a, T, E> {
    /// `None`: it has ended, or the body runs unprotected.
    owner: Option<Owner>,
    beat: Option<Beat>,
    frame: Option<Frame>,
    mark: &'a CallState,
    gate: Gate<T, E>,
    version: u32,
    /// The body is done with what is being encoded: never to run again.
    recording: bool,
    /// The outcome, while its end is on its way.
    ending: Option<(Outcome<T, E>, oneshot::Receiver<()>)>,
}

/// What is known of the claim.
#[derive(Debug, PartialEq, Eq)]
enum Life {
    /// It is held: the lease can't have ended.
    Sure,
    /// The lease may have ended while nobody polled this call. The store is being asked whose the key
    /// is.
    Unsure,
}

// Nothing in it is pinned: the body is the caller's.
impl<T, E> Unpin for Tenure<'_, T, E> {}

impl<'a, T, E> Tenure<'a, T, E> {
    /// Of a body under `owner`'s claim; unprotected, if there is none.
    pub(in crate::idempotency) fn new(
        owner: Option<Owner>,
        mark: &'a CallState,
        gate: Gate<T, E>,
        version: u32,
    ) -> Self {
        mark.begin_claim();
        let frame = owner
            .as_ref()
            .map(|o| Frame::new(o.call().held_key(), o.fence()));
        Self {
            owner,
            beat: None,
            frame,
            mark,
            gate,
            version,
            recording: false,
            ending: None,
        }
    }

    pub(in crate::idempotency) fn fence(&self) -> u64 {
        self.owner.as_ref().map_or(0, Owner::fence)
    }

    pub(in crate::idempotency) fn poll<F>(
        &mut self,
        mut inside: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome<T, E>>
    where
        F: Future<Output = Outcome<T, E>>,
    {
        if self.ending.is_some() {
            return self.poll_end(cx);
        }
        // Before the body: who may have lost its key must not go one step further.
        match self.poll_life(cx) {
            Ok(Life::Sure) => {}
            Ok(Life::Unsure) => return Poll::Pending,
            Err(Lost) => {
                inside.set(None);
                return Poll::Ready(self.lost());
            }
        }
        let Some(body) = inside.as_mut().as_pin_mut() else {
            unreachable!("an idempotent call was polled again after it had answered")
        };
        let Poll::Ready(out) = under(&mut self.frame, || body.poll(cx)) else {
            if self.beat.is_none()
                && let Some(owner) = &self.owner
            {
                self.beat = Some(owner.beat());
                if self.poll_life(cx) == Err(Lost) {
                    inside.set(None);
                    return Poll::Ready(self.lost());
                }
            }
            return Poll::Pending;
        };
        let end = self.end_of(&out);
        // What is inside may hold attempts that only its drop cuts.
        inside.set(None);
        self.beat = None;
        let Some(owner) = self.owner.take() else {
            return Poll::Ready(out);
        };
        let end = end.unwrap_or(if self.mark.attempt_was_dropped() {
            End::Abandon
        } else {
            End::Release
        });
        self.ending = Some((out, owner.end(end)));
        self.poll_end(cx)
    }

    /// Renews as often as it is due.
    fn poll_life(&mut self, cx: &mut Context<'_>) -> Result<Life, Lost> {
        let Some(owner) = &mut self.owner else {
            return Ok(Life::Sure);
        };
        loop {
            // Timers are late where the process stood still: the clock is asked, too.
            let sure = clock::now() < owner.fenced_at();
            let beat = match &mut self.beat {
                Some(beat) => beat,
                None if sure => return Ok(Life::Sure),
                None => self.beat.insert(owner.beat()),
            };
            // Unconstrained: a body that uses up the task's budget must not starve its own lease.
            let mut beat = std::pin::pin!(tokio::task::unconstrained(beat));
            let Poll::Ready(beaten) = beat.as_mut().poll(cx) else {
                return Ok(if sure { Life::Sure } else { Life::Unsure });
            };
            owner.renewed(beaten?);
            self.beat = Some(owner.beat());
        }
    }

    fn lost(&mut self) -> Outcome<T, E> {
        self.beat = None;
        let name = self.owner.take().map_or("", |owner| {
            let name = owner.call().key.name();
            owner.lost();
            name
        });
        let lost = IdempotencyError::LeaseLost { name };
        Err(Failure::Policy(Refusal::Idempotency(Box::new(lost))))
    }

    /// What is to be recorded of an outcome; `None`: nothing.
    fn end_of(&mut self, out: &Outcome<T, E>) -> Option<End> {
        let settings = &self.owner.as_ref()?.call().shared.settings;
        let (codec, limit, version) = (&*settings.codec, settings.max_result, self.version);
        let (outcome, bytes) = match out {
            Ok(_) if self.mark.forgets_ok() => return None,
            Ok(value) => {
                self.recording = true;
                let bytes = ((self.gate.ok)().encode_with)(value, codec, limit);
                (store::Outcome::Ok, bytes)
            }
            Err(Failure::Body(e))
                if self.mark.stores_error() && !self.mark.attempt_was_dropped() =>
            {
                let both = self.gate.err?;
                self.recording = true;
                (store::Outcome::Err, (both().encode_with)(e, codec, limit))
            }
            Err(_) => return None,
        };
        self.recording = false;
        Some(match bytes {
            Ok(bytes) => End::Complete(Recorded::new(outcome, bytes, codec.id(), version), None),
            Err(reason) => End::Complete(Recorded::not_stored(codec.id(), version), Some(reason)),
        })
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<T, E>> {
        if let Some((_, heard)) = &mut self.ending {
            // Dropped or sent: both mean that there is nothing more to wait for.
            let _ = ready!(Pin::new(heard).poll(cx));
        }
        match self.ending.take() {
            Some((out, _)) => Poll::Ready(out),
            None => unreachable!("an idempotent call was polled again after it had answered"),
        }
    }
}

impl<T, E> Drop for Tenure<'_, T, E> {
    fn drop(&mut self) {
        let Some(owner) = self.owner.take() else {
            return;
        };
        let end = if self.recording {
            // Its `Serialize` panicked.
            let codec = owner.call().shared.settings.codec.id();
            let reason = NotRecordedReason::NotEncodable;
            End::Complete(Recorded::not_stored(codec, self.version), Some(reason))
        } else if self.mark.body_was_polled() {
            End::Abandon
        } else {
            End::Release
        };
        drop(owner.end(end));
    }
}
