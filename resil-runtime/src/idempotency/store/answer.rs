//! The answers to the steps of a store.

use std::time::Duration;

use super::record::{Recorded, Token};

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// The key is claimed for the token of the request.
    Claimed {
        /// The fence of the claim. It rises with every change of the key's owner, across the
        /// deletion of its record too.
        fence: u64,
        /// Whether the key was taken over from an owner whose lease had ended. Told once: a claim
        /// that is sent again is answered `false`.
        taken_over: bool,
    },
    /// The key has a record with another fingerprint.
    KeyReused,
    /// Another owner has claimed the key.
    Busy {
        /// The time that the owner's lease still runs by the store's clock, unless it is renewed.
        /// More than zero.
        left: Duration,
    },
    /// The owner vanished, and nobody may run the body again.
    Indeterminate,
    /// The key is done, with this outcome.
    Done(Recorded),
    /// The store is bounded, and full of claims in progress. Nothing was claimed.
    Full,
}

/// The answer to a step of an owner: renew, complete, release or abandon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ack {
    /// The step took effect, now or when it was sent before.
    Ok,
    /// The store is bounded and had no room for the result: the key is Done, with nothing to
    /// replay.
    NoRoom,
    /// The key is not Pending for that token, or no longer. Nothing was written.
    LeaseLost,
}

/// The state of a key, for people and for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Claimed.
    Pending {
        /// The fence of its owner.
        fence: u64,
        /// The time that its lease still runs by the store's clock; `None` if the lease has ended.
        left: Option<Duration>,
    },
    /// Recorded.
    Done {
        /// The fence of the owner, or of the resolution, that recorded the outcome.
        fence: u64,
        /// The recorded outcome.
        recorded: Recorded,
    },
}

impl Snapshot {
    /// Returns the fence of the last owner.
    pub const fn fence(&self) -> u64 {
        match self {
            Self::Pending { fence, .. } | Self::Done { fence, .. } => *fence,
        }
    }
}

/// A finding on a claim whose owner vanished: what became of the work under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing was done: the key may be claimed again.
    Free,
    /// The work was done, and this is its outcome.
    Done {
        /// The token of the resolution: random, made before the step is sent.
        token: Token,
        /// The outcome that is to be replayed.
        recorded: Recorded,
        /// The time for which the outcome is replayed, from now.
        ttl: Duration,
    },
}

/// The answer to a step by hand: resolve or forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByHand {
    /// The step took effect, now or when it was sent before.
    Changed,
    /// There is no record, or it is expired.
    Absent,
    /// The key has a live owner. Nothing was changed.
    Busy {
        /// The time that the owner's lease still runs by the store's clock, unless it is renewed.
        /// More than zero.
        left: Duration,
    },
    /// The key is done already, by another token. Nothing was changed.
    Done,
}
