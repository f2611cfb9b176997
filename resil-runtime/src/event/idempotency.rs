//! The events of `#[idempotent]`.

use crate::error::idempotency::IdempotencyError;

/// Something that `#[idempotent]` did other than run the body and record its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdempotencyEvent {
    /// The recorded result was returned; the body did not run.
    Replayed,
    /// A call began to wait for the one that runs.
    Waiting,
    /// A call was told that another one is in progress.
    InProgress,
    /// The key came again with another fingerprint.
    KeyReused,
    /// A body asked for the key that it holds itself.
    Reentrant,
    /// A call met an abandoned claim under `on_abandon = indeterminate`.
    Indeterminate,
    /// A key was `None`, empty, too long or not serialisable, or the fingerprint was not
    /// serialisable. The event's hash is 0.
    InvalidKey,
    /// The store was full of claims in progress.
    Full,
    /// The body's own error, or a refusal before the body ran, freed the key.
    Released,
    /// The owner vanished in mid-flight: dropped, panicked, or an attempt of it was cut.
    Abandoned,
    /// An abandoned claim, or one whose lease had ended, was taken over: the body runs again.
    TakenOver,
    /// An owner found its key taken over. If its body was still running, it was dropped; if it was
    /// done, its caller got the result, and the result was not recorded.
    LeaseLost,
    /// The result was not recorded. Replays get `NotStored`; if the store was away, the claim is one
    /// whose owner vanished.
    NotRecorded(NotRecordedReason),
    /// The key is done without a recorded result: the call got `NotStored`.
    NotStored,
    /// A recorded result did not decode.
    Undecodable,
    /// The store gave no answer, and the call was refused.
    StoreAway,
    /// The store gave no answer, and the body ran unprotected: `open_on_outage`.
    RanOpen,
    /// The store outlives the process and the function has no `name`: the call was refused.
    Unnamed,
    /// The store outlives the process and the key does not say for which type the function runs: the
    /// call was refused.
    TypeNotInKey,
    /// The store was full and forgot a result before its ttl: its key may run again.
    Evicted,
}

/// Why a result was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotRecordedReason {
    /// It is above `max_result`.
    TooLarge,
    /// Its `Serialize` failed or panicked, or the codec did.
    NotEncodable,
    /// JSON would have brought it back as another value, or not at all: a float in it is not
    /// finite, something in `Some` is written as `null` (`Some(())`, `Some(None)`), or it is nested
    /// deeper than 127 arrays and objects.
    Unfaithful,
    /// The store has no room for it.
    NoRoom,
    /// The store did not acknowledge it before the lease ended.
    StoreAway,
}

impl IdempotencyEvent {
    /// Returns whether a call was refused before its body ran.
    pub(crate) fn refuses(self) -> bool {
        match self {
            Self::InProgress
            | Self::KeyReused
            | Self::Indeterminate
            | Self::InvalidKey
            | Self::Full
            | Self::NotStored
            | Self::Undecodable
            | Self::StoreAway
            | Self::Reentrant
            | Self::TypeNotInKey
            | Self::Unnamed => true,
            Self::Replayed
            | Self::Waiting
            | Self::Released
            | Self::Abandoned
            | Self::TakenOver
            | Self::LeaseLost
            | Self::NotRecorded(_)
            | Self::RanOpen
            | Self::Evicted => false,
        }
    }

    /// Returns the event of a call that is refused.
    pub(crate) fn of(refused: &IdempotencyError) -> Self {
        match refused {
            IdempotencyError::KeyReused { .. } => Self::KeyReused,
            IdempotencyError::InProgress { .. } => Self::InProgress,
            IdempotencyError::Reentrant { .. } => Self::Reentrant,
            IdempotencyError::Indeterminate { .. } => Self::Indeterminate,
            IdempotencyError::LeaseLost { .. } => Self::LeaseLost,
            IdempotencyError::NotStored { .. } => Self::NotStored,
            IdempotencyError::Undecodable { .. } => Self::Undecodable,
            IdempotencyError::InvalidKey { .. } | IdempotencyError::InvalidFingerprint { .. } => {
                Self::InvalidKey
            }
            IdempotencyError::Full { .. } => Self::Full,
            IdempotencyError::Store { .. } => Self::StoreAway,
            IdempotencyError::Unnamed { .. } => Self::Unnamed,
            IdempotencyError::TypeNotInKey { .. } => Self::TypeNotInKey,
        }
    }
}
