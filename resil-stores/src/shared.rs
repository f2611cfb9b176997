//! A store with the settings under which sites use it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use resil_runtime::__private::stores::{Scope, tell_finding};
use resil_runtime::idempotency::store::{Fingerprint, RecordKey, StoreError, StoreErrorKind};
use resil_runtime::idempotency::{Codec, Json, Store};
use tokio::sync::OnceCell;

use crate::hash::digest;
use crate::instance::text;
use crate::key_queue::KeyQueues;
use crate::tasks::Tracker;

/// A [`Store`] with the settings that all sites on it share.
///
/// ```
/// use resil_stores::Shared;
/// use resil_runtime::idempotency::store::Memory;
///
/// let orders = Shared::new(Memory::default())
///     .namespace("shop")
///     .pepper("32 random bytes, from a secret")
///     .max_result(64 * 1024);
/// ```
///
/// Clones share one store and its waiters; each clone has settings of its own. Give it to
/// [`install`](crate::install) or [`install_named`](crate::install_named) once at start, or to one
/// attribute: `store = self.orders`.
#[derive(Clone)]
pub struct Shared {
    store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) live: Arc<Live>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    namespace: String,
    pepper: Option<Arc<[u8]>>,
    pub(crate) max_result: usize,
    pub(crate) open_on_outage: bool,
    strict: bool,
    pub(crate) codec: Arc<dyn Codec>,
}

/// The state that clones share.
pub(crate) struct Live {
    pub(crate) queues: KeyQueues,
    pub(crate) tasks: Tracker,
    outages: AtomicU64,
    checked: OnceCell<Vec<String>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings {
            namespace,
            pepper,
            max_result,
            open_on_outage,
            strict,
            codec,
        } = &*self.settings;
        f.debug_struct("Shared")
            .field("store", &self.store.describe())
            .field("namespace", namespace)
            .field("pepper", &pepper.as_ref().map(|_| ".."))
            .field("max_result", max_result)
            .field("open_on_outage", open_on_outage)
            .field("strict", strict)
            .field("codec", &codec.id())
            .field("outages", &self.outages())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Wraps `store` with the default settings: no namespace, no pepper, 256 KiB for one result,
    /// calls refused on an outage, findings of the check only told, results as JSON.
    pub fn new(store: impl Store) -> Self {
        Self {
            store: Arc::new(store),
            settings: Arc::new(Settings {
                namespace: String::new(),
                pepper: None,
                max_result: 256 * 1024,
                open_on_outage: false,
                strict: false,
                codec: Arc::new(Json::default()),
            }),
            live: Arc::new(Live {
                queues: KeyQueues::new(),
                tasks: Tracker::new(),
                outages: AtomicU64::new(0),
                checked: OnceCell::new(),
            }),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// Sets the namespace, which keeps the keys of several applications or environments on one
    /// store apart. Default empty.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        self.set(|s| s.namespace = namespace.into())
    }

    /// Sets a secret of at least 16 random bytes. The store then gets an HMAC of each key in place
    /// of a plain hash, so that a reader of the store can't find short keys by trying them. Default
    /// none.
    ///
    /// With another pepper every key becomes another one: don't change it while records are kept.
    pub fn pepper(self, pepper: impl AsRef<[u8]>) -> Self {
        self.set(|s| s.pepper = Some(pepper.as_ref().into()))
    }

    /// Sets the most bytes of one encoded result. Default 256 KiB.
    ///
    /// A larger result is not recorded, and its key is done without it: replays get
    /// [`NotStored`](resil_runtime::idempotency::IdempotencyError::NotStored), and nothing runs
    /// again.
    pub fn max_result(self, bytes: usize) -> Self {
        self.set(|s| s.max_result = bytes)
    }

    /// Sets whether bodies run unprotected while the store is not available. If not, calls are
    /// refused with [`Store`](resil_runtime::idempotency::IdempotencyError::Store). Default
    /// `false`.
    ///
    /// Each such body is counted in [`outages`](Self::outages) and told as
    /// [`RanOpen`](resil_runtime::idempotency::IdempotencyEvent::RanOpen).
    ///
    /// A store is not available if it says so, or if it gives no answer for a whole `lease`. A call
    /// whose own deadline comes first is refused: the store may be well, and only slower than that. A
    /// call that has waited for another one with its key is refused too: the key may still be claimed.
    pub fn open_on_outage(self, open: bool) -> Self {
        self.set(|s| s.open_on_outage = open)
    }

    /// Sets whether calls are refused if [`Store::check`] finds a fault in the store's settings. If
    /// not, the fault is only told, as an event. Default `false`.
    pub fn strict(self, strict: bool) -> Self {
        self.set(|s| s.strict = strict)
    }

    /// Sets the codec that turns results into bytes. Default [`Json`].
    pub fn codec(self, codec: impl Codec) -> Self {
        self.set(|s| s.codec = Arc::new(codec))
    }

    /// Returns the store beneath.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns how many bodies have run unprotected since [`new`](Self::new), over all clones: see
    /// [`open_on_outage`](Self::open_on_outage).
    pub fn outages(&self) -> u64 {
        self.live.outages.load(Relaxed)
    }

    /// Waits until all tasks that calls on this store have left behind are done. They record
    /// outcomes whose caller is gone, and abandon claims. If the future is dropped, the tasks go
    /// on.
    ///
    /// [`drain`](crate::drain) waits for all stores.
    pub async fn drain(&self) {
        self.live.tasks.drained().await;
    }

    /// Returns the key under which the store keeps the record.
    pub(crate) fn record_key(&self, scope: Scope, parts: &[u8]) -> RecordKey {
        let Settings {
            namespace, pepper, ..
        } = &*self.settings;
        RecordKey::new(
            digest(
                pepper.as_deref(),
                &[namespace.as_bytes(), text(scope).as_bytes(), parts],
            ),
            scope.name,
        )
    }

    /// Returns the hash of a fingerprint. The key is hashed with it, so that a reader of the store
    /// does not see which keys have equal fingerprints.
    pub(crate) fn fingerprint(&self, key: &RecordKey, bytes: &[u8]) -> Fingerprint {
        let pepper = self.settings.pepper.as_deref();
        Fingerprint::from_bytes(digest(pepper, &[b"fingerprint", key.hash(), bytes]))
    }

    /// Checks the store's own settings, once over all clones. A check that fails is made again by
    /// the next call.
    pub(crate) async fn checked(&self) -> Result<(), StoreError> {
        let findings = self
            .live
            .checked
            .get_or_try_init(async || {
                let findings = self.store.check().await?;
                for finding in &findings {
                    tell_finding(self.store.describe(), finding);
                }
                Ok::<_, StoreError>(findings)
            })
            .await?;
        if self.settings.strict && !findings.is_empty() {
            let (store, kind) = (self.store.describe(), StoreErrorKind::Misconfigured);
            return Err(StoreError::new(store.to_owned(), kind, findings.join("; ")));
        }
        Ok(())
    }

    pub(crate) fn ran_open(&self) {
        self.live.outages.fetch_add(1, Relaxed);
    }
}
