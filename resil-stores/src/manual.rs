//! The steps that people take on a key: say what became of a vanished owner, forget a result.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use resil_runtime::__private::stores::{
    Cause, Key as MemoryKey, KeyBuilder, MemoryStore, Scope, global,
};
use resil_runtime::idempotency::store::{
    ByHand, Outcome, RecordKey, Recorded, Resolution, Snapshot, StoreResult, Token,
};
use resil_runtime::idempotency::{IdempotencyError, KeyPart};

use crate::codec::{Codec, Json, encode};
use crate::install::default_store;
use crate::shared::Shared;

/// A key by hand: the `name` of an attribute, and the parts of its `key`.
///
/// ```
/// use resil_stores::KeyOf;
///
/// // #[idempotent(name = "charge", key = (user, order.id))]
/// let key = KeyOf::new("charge").part("ada").part(&17);
/// ```
///
/// Sites without a name have no keys by hand.
#[derive(Debug)]
#[must_use = "pass it to `resolve` or `forget`"]
pub struct KeyOf {
    name: &'static str,
    parts: KeyBuilder,
}

impl KeyOf {
    /// A key of the attribute with that `name`, without parts yet.
    pub fn new(name: &'static str) -> Self {
        let parts = KeyBuilder::new();
        Self { name, parts }
    }

    /// Adds the next part: the one value of `key = value`, or the next one of `key = (a, b)`.
    pub fn part<P: KeyPart + ?Sized>(self, part: &P) -> Self {
        let Self { name, parts } = self;
        let parts = parts.part(part);
        Self { name, parts }
    }

    fn finish(self) -> Result<(Scope, Vec<u8>), IdempotencyError> {
        let name = self.name;
        let scope = Scope::named(name);
        let parts = self.parts.finish().into_parts();
        Ok((scope, parts.map_err(|cause| cause.of(name))?))
    }
}

/// The end of a call that vanished, as somebody has found it out.
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

    /// Nothing was done: the next call runs.
    pub fn nothing_done() -> Self {
        Self::new(None)
    }

    /// It was done, with this result, which the function's success type must read back.
    pub fn ok<T: serde::Serialize>(value: &'v T) -> Self {
        Self::new(Some((Outcome::Ok, value)))
    }

    /// It was done, with this error, which the function's error type must read back
    /// (`errors = store`).
    pub fn err<E: serde::Serialize>(error: &'v E) -> Self {
        Self::new(Some((Outcome::Err, error)))
    }

    /// The attribute's `version`. Default 1.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// How long it is replayed. Default 24 h.
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

/// Ends the claim of a call that vanished, on the installed store (or the one in memory): callers
/// then run, or get the result, where they got `Indeterminate`.
///
/// [`ByHand::Changed`]: it did. [`ByHand::Busy`]: an owner is alive, and will end it itself.
/// [`ByHand::Done`], [`ByHand::Absent`]: there is nothing to resolve.
///
/// # Errors
///
/// If the key is none, or the store gives no answer: it may be asked again.
pub fn resolve(
    key: KeyOf,
    finding: Finding<'_>,
) -> impl Future<Output = Answer<ByHand>> + Send + use<> {
    let shared = default_store();
    let on_shared = shared.map(|s| (s, s.settings.codec.clone(), s.settings.max_result));
    let resolution = match &on_shared {
        Some((_, codec, max_result)) => finding.resolution(&**codec, *max_result),
        None => finding.resolution(&Json, global().max_result()),
    };
    async move {
        let Some(shared) = shared else {
            return in_memory(key, |store, key| store.resolve(key, &resolution));
        };
        shared.resolve_with(key, resolution).await
    }
}

/// Forgets a recorded result, or a claim of a call that vanished, on the installed store (or the
/// one in memory): the next call with the key runs.
///
/// # Errors
///
/// If the key is none, or the store gives no answer: it may be asked again.
pub async fn forget(key: KeyOf) -> Answer<ByHand> {
    match default_store() {
        Some(shared) => shared.forget(key).await,
        None => in_memory(key, MemoryStore::forget),
    }
}

/// In memory the type of the result is a part of the key, which by hand nobody knows: the step is
/// taken on all keys of that name and with these parts.
fn in_memory(key: KeyOf, step: impl Fn(&MemoryStore, &Arc<MemoryKey>) -> ByHand) -> Answer<ByHand> {
    let (scope, parts) = key.finish()?;
    let (store, mut answer) = (global(), ByHand::Absent);
    for key in store.find(scope.name, &parts) {
        let one = step(store, &key);
        store.waiters.call_all(&key);
        if answer == ByHand::Absent || one == ByHand::Changed {
            answer = one;
        }
    }
    Ok(answer)
}

impl Shared {
    /// [`resolve`], on this store.
    ///
    /// # Errors
    ///
    /// As there.
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

    /// [`forget`], on this store.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn forget(&self, key: KeyOf) -> Answer<ByHand> {
        let key = self.key_of(key)?;
        let done = self.store().forget(&key).await;
        self.changed(&key, done)
    }

    /// Returns the state of a key on this store, for people and for tests.
    ///
    /// # Errors
    ///
    /// If the key is none, or the store gives no answer.
    pub async fn lookup(&self, key: KeyOf) -> Answer<Option<Snapshot>> {
        let key = self.key_of(key)?;
        answered(&key, self.store().lookup(&key).await)
    }

    fn key_of(&self, key: KeyOf) -> Answer<RecordKey> {
        let (scope, parts) = key.finish()?;
        Ok(self.record_key(scope, &parts))
    }

    fn changed(&self, key: &RecordKey, done: StoreResult<ByHand>) -> Answer<ByHand> {
        self.live.queues.forget(key.hash());
        answered(key, done)
    }
}

fn answered<T>(key: &RecordKey, answer: StoreResult<T>) -> Answer<T> {
    answer.map_err(|source| Cause::Store(source).of(key.name()))
}
