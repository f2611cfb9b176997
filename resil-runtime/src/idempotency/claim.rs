//! A claim that is held: how it ends, also when nobody is left to say so.

use std::sync::Arc;

use super::codec::{Encoded, Gate, JSON};
use super::error::IdempotencyError;
use super::event::{IdempotencyEvent, NotRecordedReason};
use super::key::Key;
use super::ledger::{LeaseLost, Request};
use super::memory::MemoryStore;
use super::policy::OnAbandon;
use super::store::{Outcome, Recorded};
use super::under::{self, Frame};
use crate::call::CallState;
use crate::call::id_of;
use crate::clock::{self, Instant};
use crate::error::Refusal;
use crate::event::{Event, emit};

/// A key that is this call's to run for.
///
/// Dropped before a body of the call began it releases the key; dropped after, it abandons it.
#[doc(hidden)]
#[must_use = "a claim that is dropped frees its key: `run` it"]
pub struct Claim<'a, T, E> {
    pub(super) held: Held<'a>,
    pub(super) gate: Gate<T, E>,
}

impl<T, E> std::fmt::Debug for Claim<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("name", &self.held.key.name())
            .field("fence", &self.held.fence)
            .finish_non_exhaustive()
    }
}

impl<T, E> Claim<'_, T, E> {
    /// Rises with every owner of the key, across its deletion too: a fencing token.
    pub fn fence(&self) -> u64 {
        self.held.fence
    }
}

/// What of a claim does not depend on the success type.
pub(super) struct Held<'a> {
    pub(super) store: &'static MemoryStore,
    pub(super) key: Arc<Key>,
    pub(super) request: Request,
    pub(super) mark: &'a CallState,
    pub(super) fence: u64,
    /// When it was claimed, or last renewed.
    pub(super) renewed: Instant,
    pub(super) stage: Stage,
    pub(super) version: u32,
    pub(super) frame: Option<Frame>,
}

/// What the drop of a claim means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody has said how it ended.
    Open,
    /// The body is done with what is being encoded: never to run again.
    Recording,
    Closed,
}

impl Held<'_> {
    pub(super) fn tell(&self, what: IdempotencyEvent) {
        emit(|| Event::Idempotency {
            name: self.key.name(),
            what,
            key: self.key.shown(),
            call: Some(id_of(Some(self.mark))),
        });
    }

    /// When the next sign of life is due.
    pub(super) fn due(&self) -> Instant {
        clock::add(self.renewed, self.request.lease / 3)
    }

    /// A sign of life. Refused if another owner took over.
    ///
    /// A lease that has ended is renewed all the same as long as nobody did: the store answers for
    /// both in one step.
    pub(super) fn renew(&mut self) -> Result<(), LeaseLost> {
        self.renewed = clock::now();
        let spans = (self.request.lease, self.request.ttl);
        let token = self.request.token;
        self.store.renew(&self.key, token, spans).map(drop)
    }

    /// Another owner took over: there is nothing left to end.
    pub(super) fn lost(&mut self) -> Refusal {
        self.stage = Stage::Closed;
        self.tell(IdempotencyEvent::LeaseLost);
        Refusal::Idempotency(Box::new(IdempotencyError::LeaseLost {
            name: self.key.name(),
        }))
    }

    /// Runs `poll`, the body's, where it can be asked for its claim.
    pub(super) fn under<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        under::under(&mut self.frame, poll)
    }

    /// Records the outcome, or that it can't be.
    ///
    /// If another owner took over meanwhile, nothing is written. The caller still gets its result:
    /// the effect took place, and it is what the body said of it.
    pub(super) fn complete(&mut self, outcome: Outcome, bytes: Encoded) {
        self.stage = Stage::Closed;
        let (recorded, reason) = match bytes {
            Ok(bytes) => (Recorded::new(outcome, bytes, JSON, self.version), None),
            Err(reason) => (Recorded::not_stored(JSON, self.version), Some(reason)),
        };
        let (token, ttl) = (self.request.token, self.request.ttl);
        match self.store.complete(&self.key, token, recorded, ttl) {
            Ok(fits) => {
                let no_room = (!fits).then_some(NotRecordedReason::NoRoom);
                if let Some(reason) = reason.or(no_room) {
                    self.tell(IdempotencyEvent::NotRecorded(reason));
                }
                self.store.waiting.call_all(&self.key);
            }
            Err(LeaseLost) => self.tell(IdempotencyEvent::LeaseLost),
        }
    }

    /// The outcome is not recorded: an error of the body, or of a layer between; an `Ok` that is
    /// forgotten.
    ///
    /// A timeout that fires while no attempt runs (in a back-off) cuts none: each attempt that
    /// ran has said itself that nothing was done, so the key is free.
    pub(super) fn failed(&mut self) {
        // An attempt that was cut may have done its work, whatever the ones after it say.
        if self.mark.attempt_was_dropped() {
            self.abandon();
        } else {
            self.release();
        }
    }

    fn release(&mut self) {
        self.stage = Stage::Closed;
        if self.store.release(&self.key, self.request.token).is_ok() {
            self.tell(IdempotencyEvent::Released);
            self.store.waiting.call_next(&self.key);
        }
    }

    fn abandon(&mut self) {
        self.stage = Stage::Closed;
        if self.store.abandon(&self.key, self.request.token).is_ok() {
            self.tell(IdempotencyEvent::Abandoned);
            match self.request.on_abandon {
                OnAbandon::Retry => self.store.waiting.call_next(&self.key),
                OnAbandon::Indeterminate => self.store.waiting.call_all(&self.key),
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        match self.stage {
            Stage::Closed => {}
            // Its `Serialize` panicked.
            Stage::Recording => {
                self.complete(Outcome::NotStored, Err(NotRecordedReason::NotEncodable));
            }
            Stage::Open if self.mark.body_was_polled() => self.abandon(),
            Stage::Open => self.release(),
        }
    }
}
