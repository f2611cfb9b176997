//! One call on a store outside of memory: the request of its claim, and the bound on its steps.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use resil_runtime::__private::stores::{ActiveClaim, ClaimedKey, find, tell};
use resil_runtime::clock::{self, Instant};
use resil_runtime::event::CallId;
use resil_runtime::idempotency::IdempotencyEvent;
use resil_runtime::idempotency::store::{
    ClaimRequest, RecordKey, StoreError, StoreErrorKind, StoreResult, Token,
};
use tokio::runtime::Handle;

use crate::shared::{Live, Shared};
use crate::tasks::PendingOf;

/// One call on a store.
pub(crate) struct StoredCall {
    pub(crate) shared: Shared,
    pub(crate) key: RecordKey,
    pub(crate) request: ClaimRequest,
    /// Whether it waits when another call has claimed its key.
    pub(crate) waits: bool,
    /// The call's id, if somebody listened when it began.
    pub(crate) id: Option<CallId>,
    /// Those who wait for what it leaves to be done.
    pub(crate) pending: PendingOf,
}

/// A claim that was sent, and that may get no answer.
pub(crate) struct SentClaim {
    pub(crate) shared: Shared,
    pub(crate) key: RecordKey,
    pub(crate) token: Token,
    pub(crate) lease: Duration,
    pub(crate) runtime: Handle,
    pub(crate) pending: PendingOf,
}

/// The claim of a body that is being polled, as the calls that this body makes find it.
struct StoredKey {
    live: Arc<Live>,
    key: RecordKey,
    /// The request of the claim. A store knows the record by its token, over whatever handle it is
    /// asked.
    request: ClaimRequest,
}

impl StoredCall {
    pub(crate) fn name(&self) -> &'static str {
        self.key.name()
    }

    pub(crate) fn tell(&self, what: IdempotencyEvent) {
        tell(self.name(), what, self.key.shown(), || self.id);
    }

    /// Takes a step of the store. If there is no answer by `at`, the step is dropped, and the error
    /// is `Unavailable`.
    pub(crate) async fn by<T>(
        &self,
        at: Instant,
        step: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        clock::within(at, step).await.unwrap_or_else(|| {
            let store = self.shared.store().describe().to_owned();
            let kind = StoreErrorKind::Unavailable;
            Err(StoreError::new(store, kind, "no answer in time"))
        })
    }

    pub(crate) fn sent(&self) -> SentClaim {
        SentClaim {
            shared: self.shared.clone(),
            key: self.key,
            token: self.request.token,
            lease: self.request.lease,
            runtime: Handle::current(),
            pending: self.pending.clone(),
        }
    }

    /// Returns the claim as it is put on the stack while the body is polled.
    pub(crate) fn active(&self, fence: u64) -> ActiveClaim {
        let key = StoredKey {
            live: Arc::clone(&self.shared.live),
            key: self.key,
            request: self.request,
        };
        ActiveClaim::new(ClaimedKey::Stored(Arc::new(key)), fence)
    }
}

/// Returns whether the poll in progress is under a claim on `key`, made over the same [`Shared`] or
/// a clone of it.
pub(crate) fn is_under(live: &Arc<Live>, key: &RecordKey) -> bool {
    find_stored(|held| (Arc::ptr_eq(&held.live, live) && held.key == *key).then_some(())).is_some()
}

/// Returns the request of the claim on `key` that the poll in progress is under, on whatever store.
pub(crate) fn own_claim(key: &RecordKey) -> Option<ClaimRequest> {
    find_stored(|held| (held.key == *key).then_some(held.request))
}

/// Returns the key of an active claim; `None` if the claim is in memory.
pub(crate) fn stored_key(key: &ClaimedKey) -> Option<&RecordKey> {
    as_stored(key).map(|held| &held.key)
}

fn find_stored<R>(of: impl Fn(&StoredKey) -> Option<R>) -> Option<R> {
    find(|held| as_stored(held).and_then(&of))
}

fn as_stored(key: &ClaimedKey) -> Option<&StoredKey> {
    match key {
        ClaimedKey::Stored(key) => key.downcast_ref(),
        ClaimedKey::Memory(..) => None,
    }
}
