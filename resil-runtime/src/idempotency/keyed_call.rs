//! One call of an idempotent function, as the store in memory and the stores of `resil-stores` both
//! see it: what its events show, how it is refused or answered with a record, and what its end
//! means for the claim.

use super::store::{Outcome as Recording, Recorded};
use super::tell::tell;
use crate::call::CallState;
use crate::call::id_of;
use crate::call::{Failure, Outcome};
use crate::error::Refusal;
use crate::error::idempotency::Cause;
use crate::event::idempotency::IdempotencyEvent;
use crate::event::{CallId, is_awake};

/// One call of an idempotent function.
#[derive(Debug, Clone, Copy)]
pub struct KeyedCall<'a> {
    state: &'a CallState,
    /// The part of the key's hash that events show.
    shown: u32,
    /// The `version` of the function's results.
    version: u32,
}

/// How a claim ends whose outcome is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecorded {
    /// Nothing was done: the key is free.
    Release,
    /// An attempt was cut in mid-flight: nobody knows what it did.
    Abandon,
}

impl<'a> KeyedCall<'a> {
    /// Makes the call that `state` belongs to.
    pub fn new(state: &'a CallState, shown: u32, version: u32) -> Self {
        Self {
            state,
            shown,
            version,
        }
    }

    /// The `version` of the function's results.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the call's id, if anybody may hear its events.
    pub fn id(&self) -> Option<CallId> {
        is_awake().then(|| id_of(Some(self.state)))
    }

    /// Tells the listeners what the call did.
    pub fn tell(&self, name: &'static str, what: IdempotencyEvent) {
        tell(name, what, self.shown, || Some(id_of(Some(self.state))));
    }

    /// Tells the listeners that the call is refused, and returns its answer.
    pub fn refuse(&self, name: &'static str, cause: Cause) -> Refusal {
        let error = cause.of(name);
        self.tell(name, IdempotencyEvent::of(&error));
        Refusal::Idempotency(Box::new(error))
    }

    /// Notes that the call has no answer yet: an earlier attempt of it may have had a replay.
    pub fn asks(&self) {
        self.state.set_replayed(false);
    }

    /// Notes that the key is the call's: what attempts did before is not done under this claim.
    pub fn has_claimed(&self) {
        self.state.begin_claim();
    }

    /// Returns the recorded outcome, which `ok` and `err` decode. `codec` is the one that they
    /// know.
    ///
    /// # Errors
    ///
    /// If there is a record that holds no result, or one that they can't read.
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
            // Another function of this name stores errors, and this one does not.
            Recording::Err if known => err.and_then(|err| err(body)).map(Err),
            _ => None,
        };
        let value = value.ok_or(Cause::Undecodable)?;
        self.state.set_replayed(true);
        self.tell(name, IdempotencyEvent::Replayed);
        Ok(value)
    }

    /// Returns what is to be recorded of an outcome: an `Ok` that is not to be forgotten, or an
    /// error that is to be stored.
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

    /// Says how a claim ends whose call has an outcome that is not recorded: an error of the body,
    /// a refusal of a layer between, an `Ok` that is to be forgotten.
    ///
    /// A timeout that fires in a back-off cuts no attempt: each attempt that ran has said itself
    /// that nothing was done. An attempt that was cut may have done its work, whatever the ones
    /// after it say.
    pub fn unrecorded(&self) -> Unrecorded {
        if self.state.attempt_was_dropped() {
            Unrecorded::Abandon
        } else {
            Unrecorded::Release
        }
    }

    /// Says how a claim ends whose call is dropped before it has an outcome.
    pub fn dropped(&self) -> Unrecorded {
        if self.state.body_was_polled() {
            Unrecorded::Abandon
        } else {
            Unrecorded::Release
        }
    }
}
