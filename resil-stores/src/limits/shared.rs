//! A store of rate limits with the settings under which functions use it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resil_runtime::__private::stored_limits::LimitScope;
use resil_runtime::rate_limit::store::{LimitKey, LimitStore};

use super::outage::Outage;
use crate::hash::digest;
use crate::tasks::Tracker;

/// A [`LimitStore`] with the settings that all functions on it share.
///
/// ```
/// use std::time::Duration;
/// use resil_stores::limits::{Memory, SharedLimits};
///
/// let limits = SharedLimits::new(Memory::new())
///     .namespace("shop")
///     .timeout(Duration::from_millis(200));
/// ```
///
/// Clones share one store, and what is known of its outages; each clone has settings of its own. Give it
/// to [`install_named`](super::install_named) once at start, or to one attribute: `store = self.limits`.
#[derive(Clone)]
pub struct SharedLimits {
    store: Arc<dyn LimitStore>,
    settings: Arc<Settings>,
    pub(super) live: Arc<Live>,
}

#[derive(Clone)]
struct Settings {
    namespace: String,
    timeout: Duration,
}

/// The state that clones share.
pub(super) struct Live {
    pub(super) outage: Outage,
    pub(super) tasks: Tracker,
    outages: AtomicU64,
}

impl fmt::Debug for SharedLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimits")
            .field("store", &self.store.describe())
            .field("namespace", &self.settings.namespace)
            .field("timeout", &self.settings.timeout)
            .field("outages", &self.outages())
            .finish_non_exhaustive()
    }
}

impl SharedLimits {
    /// Wraps `store` with the default settings: no namespace, half a second for an answer.
    pub fn new(store: impl LimitStore) -> Self {
        Self {
            store: Arc::new(store),
            settings: Arc::new(Settings {
                namespace: String::new(),
                timeout: Duration::from_millis(500),
            }),
            live: Arc::new(Live {
                outage: Outage::new(),
                tasks: Tracker::new(),
                outages: AtomicU64::new(0),
            }),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// Sets the namespace, which keeps the limits of several applications or environments on one store
    /// apart. Default empty.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        self.set(|s| s.namespace = namespace.into())
    }

    /// Sets the longest time that a call waits for the store's answer. Default 500 ms.
    ///
    /// After that the store is away: see the [module](super). Make it several times longer than the
    /// slowest answer of a store that is well, or its limits are not kept while it is taken to be away.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|s| s.timeout = timeout)
    }

    /// Returns the store beneath.
    pub fn store(&self) -> &dyn LimitStore {
        &*self.store
    }

    /// Returns how many calls were decided by `on_outage` since [`new`](Self::new), over all clones.
    pub fn outages(&self) -> u64 {
        self.live.outages.load(Relaxed)
    }

    /// Waits until all tasks that calls on this store have left behind are done: they give back the turns
    /// of waiters that were dropped. If the future is dropped, the tasks go on.
    ///
    /// [`drain`](crate::drain) waits for all stores.
    pub async fn drain(&self) {
        self.live.tasks.drained().await;
    }

    pub(super) fn answer_time(&self) -> Duration {
        self.settings.timeout
    }

    pub(super) fn decided_without(&self) {
        self.live.outages.fetch_add(1, Relaxed);
    }

    pub(super) fn key(&self, scope: &LimitScope, key: Option<&str>) -> LimitKey {
        let namespace = self.settings.namespace.as_bytes();
        let scope: [&[u8]; 2] = match scope {
            LimitScope::Name(name) => [b"name", name.as_bytes()],
            LimitScope::Site(site) => [b"site", site.as_bytes()],
        };
        let mut parts = vec![&b"rate_limit"[..], namespace, scope[0], scope[1]];
        parts.extend(key.map(str::as_bytes));
        LimitKey::new(digest(None, &parts))
    }
}
