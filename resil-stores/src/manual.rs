//! The steps that are taken on a key by hand: resolve the claim of a vanished owner, forget a
//! result, look a key up.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use resil_runtime::__private::stores::{
    Cause, Key as MemoryKey, KeyBuilder, MemoryStore, Scope, encode, global,
};
use resil_runtime::idempotency::store::{
    ByHand, Outcome, RecordKey, Recorded, Resolution, Snapshot, StoreResult, Token,
};
use resil_runtime::idempotency::{Codec, IdempotencyError, Json, KeyPart};

use crate::install::default_store;
use crate::shared::Shared;

/// A key that is written by hand: the `name` of an attribute, and the parts of its `key`.
///
/// ```
/// use resil_stores::KeyOf;
///
/// // #[idempotent(name = "charge", key = (user, order.id))]
/// let key = KeyOf::new("charge").part("ada").part(&17);
/// ```
///
/// The keys of a site without a `name` can't be written by hand.
#[derive(Debug)]
#[must_use = "pass it to `resolve` or `forget`"]
pub struct KeyOf {
    name: &'static str,
    parts: KeyBuilder,
}

impl KeyOf {
    /// Makes a key of the attribute with that `name`, without parts yet.
    pub fn new(name: &'static str) -> Self {
        let parts = KeyBuilder::new();
        Self { name, parts }
    }

    /// Adds the next part: the only value of `key = value`, or the next value of `key = (a, b)`.
    ///
    /// A value that can't be part of a key is an error of the step that the key is given to.
    pub fn part<P: KeyPart + ?Sized>(self, part: &P) -> Self {
        let Self { name, parts } = self;
        let parts = parts.part(part);
        Self { name, parts }
    }

    /// Calls `then` with the scope and the encoded parts.
    fn finish<R>(self, then: impl FnOnce(Scope, &[u8]) -> R) -> Answer<R> {
        let (name, key) = (self.name, self.parts.finish());
        let parts = key.parts().map_err(|cause| cause.of(name))?;
        Ok(then(Scope::named(name), parts))
    }
}

/// A finding on a call whose owner vanished: nothing was done, or the outcome of what was done.
#[derive(Clone, Copy)]
#[must_use = "pass it to `resolve`"]
pub struct Finding<'v> {
    result: Option<(Outcome, &'v dyn erased_serde::Serialize)>,
    version: u32,
    ttl: Duration,
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("outcome", &self.result.map(|(outcome, _)| outcome))
            .field("version", &self.version)
            .field("ttl", &self.ttl)
            .finish()
    }
}

impl<'v> Finding<'v> {
    fn new(result: Option<(Outcome, &'v dyn erased_serde::Serialize)>) -> Self {
        Self {
            result,
            version: 1,
            ttl: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// Makes the finding that nothing was done: the next call with the key runs the body.
    pub fn nothing_done() -> Self {
        Self::new(None)
    }

    /// Makes the finding that the work was done and returned `value`. The function's success type
    /// must read `value` back.
    pub fn ok<T: serde::Serialize>(value: &'v T) -> Self {
        Self::new(Some((Outcome::Ok, value)))
    }

    /// Makes the finding that the work was done and returned `error`. The function must store
    /// errors (`errors = store`), and its error type must read `error` back.
    pub fn err<E: serde::Serialize>(error: &'v E) -> Self {
        Self::new(Some((Outcome::Err, error)))
    }

    /// Sets the version of the result: the attribute's `version`. Default 1.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets how long the result is replayed, from now. Default 24 h.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    fn resolution(&self, codec: &dyn Codec, max_result: usize) -> Resolution {
        let Some((outcome, value)) = self.result else {
            return Resolution::Free;
        };
        let (id, version) = (codec.id(), self.version);
        Resolution::Done {
            token: Token::random(),
            recorded: match encode(value, codec, max_result) {
                Ok(bytes) => Recorded::new(outcome, bytes, id, version),
                Err(_) => Recorded::not_stored(id, version),
            },
            ttl: self.ttl,
        }
    }
}

type Answer<T> = Result<T, IdempotencyError>;

/// Ends the claim of an owner that vanished, on the installed store, or else on the one in memory.
/// Calls with the key, which got `Indeterminate` before, then run or get the result.
///
/// * [`ByHand::Changed`]: the claim has ended.
/// * [`ByHand::Busy`]: the owner is alive, and will end the claim itself.
/// * [`ByHand::Done`], [`ByHand::Absent`]: there is nothing to resolve.
///
/// # Errors
///
/// [`InvalidKey`](IdempotencyError::InvalidKey) if a part can't be in a key, and
/// [`Store`](IdempotencyError::Store) if the store gives no answer. The step may then be taken
/// again, and so it may if the future is dropped.
pub fn resolve(
    key: KeyOf,
    finding: Finding<'_>,
) -> impl Future<Output = Answer<ByHand>> + Send + use<> {
    let shared = default_store();
    let on_shared = shared.map(|s| (s, s.settings.codec.clone(), s.settings.max_result));
    let resolution = match &on_shared {
        Some((_, codec, max_result)) => finding.resolution(&**codec, *max_result),
        None => finding.resolution(&Json::default(), global().max_result()),
    };
    async move {
        let Some(shared) = shared else {
            return in_memory(key, |store, key| store.resolve(key, &resolution));
        };
        shared.resolve_with(key, resolution).await
    }
}

/// Removes a recorded result, or the claim of an owner that vanished, on the installed store, or
/// else on the one in memory. The next call with the key runs the body.
///
/// # Errors
///
/// As [`resolve`].
pub async fn forget(key: KeyOf) -> Answer<ByHand> {
    match default_store() {
        Some(shared) => shared.forget(key).await,
        None => in_memory(key, MemoryStore::forget),
    }
}

/// Takes `step` in memory, on all keys that have this name and these parts. There the type of the
/// result is part of the key too, and a key by hand does not say it.
fn in_memory(key: KeyOf, step: impl Fn(&MemoryStore, &Arc<MemoryKey>) -> ByHand) -> Answer<ByHand> {
    let (store, mut answer) = (global(), ByHand::Absent);
    for key in key.finish(|scope, parts| store.find(scope.name, parts))? {
        let one = step(store, &key);
        store.waiters.call_all(&key);
        if answer == ByHand::Absent || one == ByHand::Changed {
            answer = one;
        }
    }
    Ok(answer)
}

impl Shared {
    /// Ends the claim of an owner that vanished, as [`resolve`] does, on this store.
    ///
    /// # Errors
    ///
    /// As [`resolve`].
    pub fn resolve(
        &self,
        key: KeyOf,
        finding: Finding<'_>,
    ) -> impl Future<Output = Answer<ByHand>> + Send + use<'_> {
        let settings = &self.settings;
        let resolution = finding.resolution(&*settings.codec, settings.max_result);
        self.resolve_with(key, resolution)
    }

    async fn resolve_with(&self, key: KeyOf, resolution: Resolution) -> Answer<ByHand> {
        let key = self.key_of(key)?;
        let done = self.store().resolve(&key, &resolution).await;
        self.changed(&key, done)
    }

    /// Removes a result, or the claim of an owner that vanished, as [`forget`] does, on this store.
    ///
    /// # Errors
    ///
    /// As [`resolve`].
    pub async fn forget(&self, key: KeyOf) -> Answer<ByHand> {
        let key = self.key_of(key)?;
        let done = self.store().forget(&key).await;
        self.changed(&key, done)
    }

    /// Returns the state of a key on this store, for people and for tests; `None` if the key has no
    /// record or an expired one.
    ///
    /// # Errors
    ///
    /// As [`resolve`].
    pub async fn lookup(&self, key: KeyOf) -> Answer<Option<Snapshot>> {
        let key = self.key_of(key)?;
        answered(&key, self.store().lookup(&key).await)
    }

    fn key_of(&self, key: KeyOf) -> Answer<RecordKey> {
        key.finish(|scope, parts| self.record_key(scope, parts))
    }

    fn changed(&self, key: &RecordKey, done: StoreResult<ByHand>) -> Answer<ByHand> {
        self.live.queues.forget(key.hash());
        answered(key, done)
    }
}

fn answered<T>(key: &RecordKey, answer: StoreResult<T>) -> Answer<T> {
    answer.map_err(|source| Cause::Store(source).of(key.name()))
}
