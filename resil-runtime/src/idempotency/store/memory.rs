//! The store in memory behind the trait: what a site gets with `store = ..`, and what tests of
//! the other stores are compared with.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Ack, ByHand, ClaimAnswer, Resolution, Snapshot};
use super::record::{ClaimRequest, RecordKey, Recorded, Token};
use super::{BoxFuture, Store, StoreResult};
use crate::clock::Instant;
use crate::idempotency::key::{Fingerprint, Key};
use crate::idempotency::memory::{MemoryLimits, MemoryStore};
use crate::idempotency::records::{Answer, LeaseLost, Request};

#[cfg(any(test, feature = "test-util"))]
impl Memory {
    /// Moves the store's clock on, and not that of its callers: for tests.
    #[doc(hidden)]
    pub fn jump(&self, by: Duration) {
        self.0.jump(by);
    }
}

/// A store in memory: bounded, of this process, gone with it.
///
/// Clones share one store. Its clock is tokio's, so that a paused one drives it.
#[derive(Clone)]
pub struct Memory(Arc<MemoryStore>);

impl Memory {
    /// An empty store with these limits. `max_result` of the limits bounds one body, beside the
    /// `max_result` that the store's settings have.
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

fn left(lease_end: Instant, now: Instant) -> Duration {
    lease_end.saturating_duration_since(now)
}

impl Store for Memory {
    fn describe(&self) -> &'static str {
        "memory"
    }

    fn outlives_process(&self) -> bool {
        false
    }

    fn claim<'a>(
        &'a self,
        key: &'a RecordKey,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, StoreResult<ClaimAnswer>> {
        Box::pin(async move {
            let request = Request {
                token: number(request.token),
                fingerprint: request
                    .fingerprint
                    .map(|f| Fingerprint::of_bytes(f.as_bytes())),
                lease: request.lease,
                ttl: request.ttl,
                on_abandon: request.on_abandon,
            };
            Ok(match self.0.claim(&key_of(key), &request) {
                Some(Answer::Claimed {
                    fence, taken_over, ..
                }) => ClaimAnswer::Claimed { fence, taken_over },
                Some(Answer::Busy { lease_end }) => ClaimAnswer::Busy {
                    left: left(lease_end, self.0.now()),
                },
                Some(Answer::Done(recorded)) => ClaimAnswer::Done(recorded),
                Some(Answer::KeyReused) => ClaimAnswer::KeyReused,
                Some(Answer::Indeterminate) => ClaimAnswer::Indeterminate,
                Some(Answer::NoRoom) | None => ClaimAnswer::Full,
            })
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        lease: Duration,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let renewed = self.0.renew(&key_of(key), number(token), (lease, ttl));
            Ok(ack(renewed.map(drop)))
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a RecordKey,
        token: Token,
        recorded: &'a Recorded,
        ttl: Duration,
    ) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move {
            let wanted = recorded.clone();
            Ok(
                match self.0.complete(&key_of(key), number(token), wanted, ttl) {
                    Ok(true) => Ack::Ok,
                    Ok(false) => Ack::NoRoom,
                    Err(LeaseLost) => Ack::LeaseLost,
                },
            )
        })
    }

    fn release<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move { Ok(ack(self.0.release(&key_of(key), number(token)))) })
    }

    fn abandon<'a>(&'a self, key: &'a RecordKey, token: Token) -> BoxFuture<'a, StoreResult<Ack>> {
        Box::pin(async move { Ok(ack(self.0.abandon(&key_of(key), number(token)))) })
    }

    fn lookup<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<Snapshot>>> {
        Box::pin(async move { Ok(self.0.lookup(&key_of(key))) })
    }

    fn resolve<'a>(
        &'a self,
        key: &'a RecordKey,
        resolution: &'a Resolution,
    ) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move { Ok(self.0.resolve(&key_of(key), resolution)) })
    }

    fn forget<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<ByHand>> {
        Box::pin(async move { Ok(self.0.forget(&key_of(key))) })
    }
}
