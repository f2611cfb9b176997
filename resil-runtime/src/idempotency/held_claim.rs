//! A claim that a call holds in memory: its heartbeat, and its end, also by a drop or a panic.

use std::sync::Arc;

use super::active_claims::{self, ActiveClaim, ClaimedKey};
use super::codec::{Encoded, JSON, ResultFns};
use super::key::Key;
use super::keyed_call::{KeyedCall, Unrecorded};
use super::memory::MemoryStore;
use super::policy::IdempotentPolicy;
use super::records::{LeaseLost, Token};
use super::store::{OnAbandon, Outcome, Recorded};
use crate::call::Outcome as CallOutcome;
use crate::clock::{self, Instant};
use crate::error::Refusal;
use crate::error::idempotency::Cause;
use crate::event::idempotency::{IdempotencyEvent, NotRecordedReason};

/// A claim in memory, held by a call whose body is to run.
///
/// If it is dropped before a body of the call was polled, the claim is released, which frees the
/// key. If it is dropped later, the claim is abandoned.
#[doc(hidden)]
#[must_use = "a claim that is dropped frees its key: `run` it"]
pub struct HeldClaim<'a, T, E> {
    pub(super) lease: Lease<'a>,
    pub(super) fns: ResultFns<T, E>,
}

impl<T, E> std::fmt::Debug for HeldClaim<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldClaim")
            .field("name", &self.lease.key.name())
            .field("fence", &self.lease.fence)
            .finish_non_exhaustive()
    }
}

impl<T, E> HeldClaim<'_, T, E> {
    /// Returns the fence, which rises with every owner of the key, across the deletion of its
    /// record too.
    pub fn fence(&self) -> u64 {
        self.lease.fence
    }

    /// Records the outcome of the body, if it is to be recorded.
    pub(super) fn record(&mut self, out: &CallOutcome<T, E>) {
        let (fns, lease) = (self.fns, &mut self.lease);
        let limit = lease.store.max_result();
        match lease.call.to_record(out) {
            Some(Ok(value)) => {
                lease.stage = Stage::Recording;
                let bytes = ((fns.ok)().encode)(value, limit);
                lease.complete(Outcome::Ok, bytes);
            }
            Some(Err(e)) => {
                if let Some(err) = fns.err {
                    lease.stage = Stage::Recording;
                    lease.complete(Outcome::Err, (err().encode)(e, limit));
                }
            }
            None => {}
        }
    }

    /// Ends the claim, if nothing was recorded. Whatever may hold an attempt was dropped before.
    pub(super) fn end(&mut self) {
        if self.lease.stage == Stage::Open {
            self.lease.end(self.lease.call.unrecorded());
        }
    }
}

/// The part of a held claim that is not generic over the result.
pub(super) struct Lease<'a> {
    pub(super) store: &'static MemoryStore,
    pub(super) key: Arc<Key>,
    pub(super) policy: &'a IdempotentPolicy,
    /// The [`Token`] of the claim. As a number it would be aligned to 16 bytes, and with it every
    /// future that holds a claim.
    pub(super) token: [u8; size_of::<Token>()],
    pub(super) call: KeyedCall<'a>,
    pub(super) fence: u64,
    /// The time of the claim, or of its last renewal.
    pub(super) renewed: Instant,
    pub(super) stage: Stage,
}

/// The stage of a claim. It decides how a drop ends the claim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not ended.
    Open,
    /// The body is done, and its outcome is being encoded. If that panics, the body must not run
    /// again.
    Recording,
    /// It has ended.
    Closed,
}

impl Lease<'_> {
    fn tell(&self, what: IdempotencyEvent) {
        self.call.tell(self.key.name(), what);
    }

    fn token(&self) -> Token {
        Token::from_ne_bytes(self.token)
    }

    /// Returns when the next heartbeat is due.
    pub(super) fn due(&self) -> Instant {
        clock::add(self.renewed, self.policy.lease / 3)
    }

    /// Renews the lease.
    ///
    /// A lease that has ended is renewed all the same, as long as no other owner has taken over.
    /// The store checks that and renews in one step.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`] if another owner has taken over.
    pub(super) fn renew(&mut self) -> Result<(), LeaseLost> {
        self.renewed = clock::now();
        let spans = (self.policy.lease, self.policy.ttl);
        self.store.renew(&self.key, self.token(), spans).map(drop)
    }

    /// Closes a claim whose key another owner took over, and returns the call's answer.
    pub(super) fn lost(&mut self) -> Refusal {
        self.stage = Stage::Closed;
        self.call.refuse(self.key.name(), Cause::LeaseLost)
    }

    /// Runs `poll`, which polls the body, with the claim on the stack of [`active_claims`].
    pub(super) fn under<R>(&self, poll: impl FnOnce() -> R) -> R {
        // Made for each poll: between polls the future does not hold it.
        let key = ClaimedKey::Memory(self.store, Arc::clone(&self.key));
        active_claims::under(&mut Some(ActiveClaim::new(key, self.fence)), poll)
    }

    /// Records the outcome, or "not stored" if it has no bytes.
    ///
    /// If another owner has taken over meanwhile, nothing is written. The caller still gets the
    /// outcome of its body, whose effect took place.
    pub(super) fn complete(&mut self, outcome: Outcome, bytes: Encoded) {
        self.stage = Stage::Closed;
        let version = self.call.version();
        let (recorded, reason) = match bytes {
            Ok(bytes) => (Recorded::new(outcome, bytes, JSON, version), None),
            Err(reason) => (Recorded::not_stored(JSON, version), Some(reason)),
        };
        let (token, ttl) = (self.token(), self.policy.ttl);
        match self.store.complete(&self.key, token, recorded, ttl) {
            Ok(fits) => {
                let no_room = (!fits).then_some(NotRecordedReason::NoRoom);
                if let Some(reason) = reason.or(no_room) {
                    self.tell(IdempotencyEvent::NotRecorded(reason));
                }
                self.store.waiters.call_all(&self.key);
            }
            Err(LeaseLost) => self.tell(IdempotencyEvent::LeaseLost),
        }
    }

    /// Ends a claim whose outcome is not recorded.
    pub(super) fn end(&mut self, how: Unrecorded) {
        self.stage = Stage::Closed;
        let (token, waiters) = (self.token(), &self.store.waiters);
        match how {
            Unrecorded::Release => {
                if self.store.release(&self.key, token).is_ok() {
                    self.tell(IdempotencyEvent::Released);
                    waiters.call_next(&self.key);
                }
            }
            Unrecorded::Abandon => {
                if self.store.abandon(&self.key, token).is_ok() {
                    self.tell(IdempotencyEvent::Abandoned);
                    match self.policy.on_abandon {
                        OnAbandon::Retry => waiters.call_next(&self.key),
                        OnAbandon::Indeterminate => waiters.call_all(&self.key),
                    }
                }
            }
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        match self.stage {
            Stage::Closed => {}
            // The `Serialize` of the outcome panicked.
            Stage::Recording => {
                self.complete(Outcome::NotStored, Err(NotRecordedReason::NotEncodable));
            }
            Stage::Open => self.end(self.call.dropped()),
        }
    }
}
