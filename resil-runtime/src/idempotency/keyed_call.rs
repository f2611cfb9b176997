//! The part of an idempotent call that is the same in memory and on the stores of `resil-stores`:
//! its events, its refusals, its replays, and how its outcome ends the claim.

use super::store::{Outcome as Recording, Recorded};
use super::tell::tell;
use crate::call::CallState;
use crate::call::id_of;
use crate::call::{Failure, Outcome};
use crate::cancel;
use crate::error::Refusal;
use crate::error::idempotency::Cause;
use crate::event::idempotency::IdempotencyEvent;
use crate::event::{CallId, StopReason, is_awake};
use crate::observe::count::refused;

/// One call of an idempotent function.
#[derive(Debug, Clone, Copy)]
pub struct KeyedCall<'a> {
    state: &'a CallState,
    /// The part of the key's hash that events show.
    shown: u32,
    /// The `version` of the function's results.
    version: u32,
}

/// The end of a claim whose outcome is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecorded {
    /// The claim is released: nothing was done, and the key is free.
    Release,
    /// The claim is abandoned: an attempt was cut, and nobody knows what it did.
    Abandon,
}

impl<'a> KeyedCall<'a> {
    /// Makes the call that `state` belongs to. `shown` is the part of the key's hash that events
    /// show.
    pub fn new(state: &'a CallState, shown: u32, version: u32) -> Self {
        Self {
            state,
            shown,
            version,
        }
    }

    /// Returns the `version` of the function's results.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the call's id; `None` if nobody listens to events.
    pub fn id(&self) -> Option<CallId> {
        is_awake().then(|| id_of(Some(self.state)))
    }

    /// Returns the call's id, for an event that somebody listens to.
    pub(super) fn id_for_event(&self) -> CallId {
        id_of(Some(self.state))
    }

    /// Tells the listeners what the call did.
    pub fn tell(&self, name: &'static str, what: IdempotencyEvent) {
        tell(name, what, self.shown, || Some(id_of(Some(self.state))));
    }

    /// Tells the listeners that the call is refused, and returns the refusal.
    pub fn refuse(&self, name: &'static str, cause: Cause) -> Refusal {
        let error = cause.of(name);
        refused("idempotent", name);
        self.tell(name, IdempotencyEvent::of(&error));
        Refusal::Idempotency(Box::new(error))
    }

    /// Tells the listeners that the call's wait for the key was ended from outside, and returns the
    /// refusal.
    pub fn stop(&self, name: &'static str, reason: StopReason) -> Refusal {
        cancel::refuse(name, reason, || Some(id_of(Some(self.state))))
    }

    /// Notes that the call has no answer yet. This clears the mark of a replay, which an earlier
    /// attempt of the call may have left.
    pub fn asks(&self) {
        self.state.set_replayed(false);
    }

    /// Notes that the call has claimed the key. Attempts from before the claim count no longer when
    /// it ends.
    pub fn has_claimed(&self) {
        self.state.begin_claim();
    }

    /// Decodes a recorded outcome with `ok` or `err`, tells the listeners of the replay, and
    /// returns the outcome. `codec` is the id of the codec that `ok` and `err` read; `err` is
    /// `None` where the function does not store errors.
    ///
    /// # Errors
    ///
    /// [`Cause::NotStored`] if the record holds no result. [`Cause::Undecodable`] if its result has
    /// another version or codec, or does not decode.
    pub fn replay<T, E>(
        &self,
        name: &'static str,
        codec: &str,
        recorded: &Recorded,
        ok: impl FnOnce(&[u8]) -> Option<T>,
        err: Option<impl FnOnce(&[u8]) -> Option<E>>,
    ) -> Result<Result<T, E>, Cause> {
        if recorded.outcome == Recording::NotStored {
            return Err(Cause::NotStored);
        }
        let body = &*recorded.body;
        let known = recorded.version == self.version && recorded.codec == codec;
        let value = match recorded.outcome {
            Recording::Ok if known => ok(body).map(Ok),
            // `err` is `None` if another function of this name stores errors, and this one does
            // not.
            Recording::Err if known => err.and_then(|err| err(body)).map(Err),
            _ => None,
        };
        let value = value.ok_or(Cause::Undecodable)?;
        self.state.set_replayed(true);
        self.tell(name, IdempotencyEvent::Replayed);
        Ok(value)
    }

    /// Returns the value or the error of an outcome that is to be recorded: an `Ok` that is not to
    /// be forgotten, or an error that is to be stored. `None` for all others, and for an error
    /// after an attempt that was cut.
    pub fn to_record<'o, T, E>(&self, out: &'o Outcome<T, E>) -> Option<Result<&'o T, &'o E>> {
        match out {
            Ok(_) if self.state.forgets_ok() => None,
            Ok(value) => Some(Ok(value)),
            Err(Failure::Body(e))
                if self.state.stores_error() && !self.state.attempt_was_dropped() =>
            {
                Some(Err(e))
            }
            Err(_) => None,
        }
    }

    /// Returns how a claim ends whose call has an outcome that is not recorded: an error of the
    /// body, a refusal of a layer between, or an `Ok` that is to be forgotten.
    ///
    /// An attempt that was cut may have done its work, whatever the attempts after it say: the
    /// claim is abandoned. A timeout that fires in a pause cuts no attempt. All attempts have then
    /// returned errors, which say that nothing was done: the claim is released.
    pub fn unrecorded(&self) -> Unrecorded {
        if self.state.attempt_was_dropped() {
            Unrecorded::Abandon
        } else {
            Unrecorded::Release
        }
    }

    /// Returns how a claim ends whose call is dropped before it has an outcome.
    pub fn dropped(&self) -> Unrecorded {
        if self.state.body_was_polled() {
            Unrecorded::Abandon
        } else {
            Unrecorded::Release
        }
    }
}
