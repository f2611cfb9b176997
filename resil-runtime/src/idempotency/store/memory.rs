//! The store in memory behind the trait [`Store`]: for `store = ..`, and for tests of code that
//! runs on a store.

use std::sync::Arc;
#[cfg(any(test, feature = "test-util"))]
use std::time::Duration;

use super::Store;
use crate::idempotency::memory::{MemoryLimits, MemoryStore};

#[cfg(any(test, feature = "test-util"))]
impl Memory {
    /// Moves the store's clock on by `by`, for tests. The clock of its callers stays.
    #[doc(hidden)]
    pub fn jump(&self, by: Duration) {
        self.0.jump(by);
    }
}

/// A store in memory. It is bounded, and its records are gone with the process.
///
/// Clones share one store. Its clock is tokio's, so a test that pauses tokio's clock drives the
/// store too.
#[derive(Clone)]
pub struct Memory(Arc<MemoryStore>);

impl Memory {
    /// Makes an empty store with these limits. A result is bounded by the `max_result` of the
    /// limits and by the `max_result` of the settings around the store: the smaller one counts.
    pub fn new(limits: MemoryLimits) -> Self {
        Self(Arc::new(MemoryStore::new(limits)))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(MemoryLimits::new())
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

/// The steps, each as a function that answers at once.
mod step {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::answer::{Ack, ByHand, ClaimAnswer, Resolution, Snapshot};
    use super::super::record::{ClaimRequest, RecordKey, Recorded, Token};
    use crate::idempotency::key::{Fingerprint, Key};
    use crate::idempotency::memory::MemoryStore;
    use crate::idempotency::records::{Answer, LeaseLost, Request};

    fn key_of(key: &RecordKey) -> Arc<Key> {
        Arc::new(Key::of_record(key))
    }

    fn number(token: Token) -> u128 {
        u128::from_be_bytes(*token.as_bytes())
    }

    fn ack(done: Result<(), LeaseLost>) -> Ack {
        match done {
            Ok(()) => Ack::Ok,
            Err(LeaseLost) => Ack::LeaseLost,
        }
    }

    pub(super) fn claim(
        store: &MemoryStore,
        key: &RecordKey,
        request: &ClaimRequest,
    ) -> ClaimAnswer {
        let fingerprint = request.fingerprint;
        let request = Request {
            token: number(request.token),
            fingerprint: fingerprint.map(|f| Fingerprint::of_bytes(f.as_bytes())),
            lease: request.lease,
            ttl: request.ttl,
            on_abandon: request.on_abandon,
        };
        match store.claim(&key_of(key), &request) {
            Some(Answer::Claimed {
                fence, taken_over, ..
            }) => ClaimAnswer::Claimed { fence, taken_over },
            Some(Answer::Busy { lease_end }) => ClaimAnswer::Busy {
                left: lease_end.saturating_duration_since(store.now()),
            },
            Some(Answer::Done(recorded)) => ClaimAnswer::Done(Recorded::clone(&recorded)),
            Some(Answer::KeyReused) => ClaimAnswer::KeyReused,
            Some(Answer::Indeterminate) => ClaimAnswer::Indeterminate,
            Some(Answer::NoRoom) | None => ClaimAnswer::Full,
        }
    }

    pub(super) fn renew(
        store: &MemoryStore,
        key: &RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> Ack {
        let renewed = store.renew(&key_of(key), number(token), (lease, ttl));
        ack(renewed.map(drop))
    }

    pub(super) fn complete(
        store: &MemoryStore,
        key: &RecordKey,
        token: Token,
        recorded: &Recorded,
        ttl: Duration,
    ) -> Ack {
        match store.complete(&key_of(key), number(token), recorded.clone(), ttl) {
            Ok(true) => Ack::Ok,
            Ok(false) => Ack::NoRoom,
            Err(LeaseLost) => Ack::LeaseLost,
        }
    }

    pub(super) fn release(store: &MemoryStore, key: &RecordKey, token: Token) -> Ack {
        ack(store.release(&key_of(key), number(token)))
    }

    pub(super) fn abandon(store: &MemoryStore, key: &RecordKey, token: Token) -> Ack {
        ack(store.abandon(&key_of(key), number(token)))
    }

    pub(super) fn lookup(store: &MemoryStore, key: &RecordKey) -> Option<Snapshot> {
        store.lookup(&key_of(key))
    }

    pub(super) fn resolve(store: &MemoryStore, key: &RecordKey, resolution: &Resolution) -> ByHand {
        store.resolve(&key_of(key), resolution)
    }

    pub(super) fn forget(store: &MemoryStore, key: &RecordKey) -> ByHand {
        store.forget(&key_of(key))
    }
}

macro_rules! at_once {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        Box::pin(async move { Ok(step::$step(&$this.0, $($arg),*)) })
    };
}

impl Store for Memory {
    fn describe(&self) -> &'static str {
        "memory"
    }

    fn outlives_process(&self) -> bool {
        false
    }

    crate::__store_steps!(at_once);
}
