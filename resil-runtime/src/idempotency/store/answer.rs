//! The answers to the steps of a store.

use std::time::Duration;

use super::record::{Recorded, Token};

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// The key is the caller's.
    Claimed {
        /// Rises with every change of the key's owner, across its deletion too.
        fence: u64,
        /// It was taken from an owner whose lease had ended. Told once: a claim that is sent
        /// again is answered `false`.
        taken_over: bool,
    },
    /// The key came with another fingerprint before.
    KeyReused,
    /// Another owner's lease runs for so long, unless it is renewed.
    Busy {
        /// By the store's clock; more than zero.
        left: Duration,
    },
    /// The owner vanished, and nobody may start again.
    Indeterminate,
    /// The key is done, with this outcome.
    Done(Recorded),
    /// A bounded store is full of claims in progress. Nothing was claimed.
    Full,
}

/// The answer to a step of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ack {
    /// It took effect, now or before.
    Ok,
    /// A bounded store had no room for the body: Done, with nothing to replay.
    NoRoom,
    /// The key is not (any more) Pending for that token. Nothing was written.
    LeaseLost,
}

/// The state of a key, for people and for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Claimed.
    Pending {
        /// The fence of its owner.
        fence: u64,
        /// How long its lease runs by the store's clock; `None` if it has ended.
        left: Option<Duration>,
    },
    /// Recorded.
    Done {
        /// The fence of who recorded it.
        fence: u64,
        /// The recorded outcome.
        recorded: Recorded,
    },
}

impl Snapshot {
    /// The fence of the last owner.
    pub const fn fence(&self) -> u64 {
        match self {
            Self::Pending { fence, .. } | Self::Done { fence, .. } => *fence,
        }
    }
}

/// The end of a claim whose owner vanished, as somebody has found it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing was done: the key may be claimed again.
    Free,
    /// It was done, and this is its result.
    Done {
        /// Identifies the resolution: random, made before it goes out.
        token: Token,
        /// The outcome that is to be replayed.
        recorded: Recorded,
        /// For how long from now.
        ttl: Duration,
    },
}

/// The answer to a step by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByHand {
    /// It took effect.
    Changed,
    /// There is no record.
    Absent,
    /// An owner runs; its lease runs for so long, unless it is renewed.
    Busy {
        /// By the store's clock; more than zero.
        left: Duration,
    },
    /// It is done already.
    Done,
}
