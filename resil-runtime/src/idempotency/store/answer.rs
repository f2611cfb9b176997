//! What the steps of a store are answered.

use std::time::Duration;

use super::record::{Recorded, Token};

/// What a claim is answered.
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
    /// What was recorded.
    Done(Recorded),
    /// A bounded store is full of claims in progress. Nothing was claimed.
    Full,
}

/// What a step of an owner is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ack {
    /// It took effect, now or before.
    Ok,
    /// A bounded store had no room for the body: Done, with nothing to replay.
    NoRoom,
    /// The key is not (any more) Pending for that token. Nothing was written.
    LeaseLost,
}

/// What is known of a key: for people and for tests.
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
        /// What was recorded.
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

/// What somebody has found out about a claim whose owner vanished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing was done: the key may be claimed again.
    Free,
    /// It was done, and this is its result.
    Done {
        /// Of who resolves: random, made before the call goes out.
        token: Token,
        /// What is to be replayed.
        recorded: Recorded,
        /// For how long from now.
        ttl: Duration,
    },
}

/// What a step by hand is answered.
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
