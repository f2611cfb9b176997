//! The parts of [`sync`](crate::sync) as the model checker has them.

use std::sync::{OnceLock as Once, PoisonError};

pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};

/// The step that `RESIL_BROKEN` names is left out.
pub(crate) fn broken(name: &str) -> bool {
    static LEFT_OUT: Once<Option<String>> = Once::new();
    let left_out = LEFT_OUT.get_or_init(|| std::env::var("RESIL_BROKEN").ok());
    left_out.as_deref() == Some(name)
}

pub(crate) fn model_fence() {
    if !broken("model_fence") {
        fence(Ordering::SeqCst);
    }
}

/// The checker has none of its own. The flag is what it sees of std's: who finds it set has seen
/// all that was done before.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    value: Once<T>,
    set: AtomicU32,
    setting: Mutex<()>,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self {
            value: Once::new(),
            set: AtomicU32::new(0),
            setting: Mutex::new(()),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.set.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.value.get()
    }

    pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let _setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        let value = self.value.get_or_init(init);
        self.set.store(1, Ordering::Release);
        value
    }
}

/// tokio's own, whose atomics the checker does not see: the counter lets other threads run between
/// a look at the state and the registration of the waiter, and before the wake-up.
#[derive(Debug)]
pub(crate) struct Notify {
    inner: tokio::sync::Notify,
    steps: AtomicU32,
}

impl Notify {
    pub(crate) fn new() -> Self {
        Self {
            inner: tokio::sync::Notify::new(),
            steps: AtomicU32::new(0),
        }
    }

    pub(crate) fn notified(&self) -> tokio::sync::futures::Notified<'_> {
        self.steps.fetch_add(1, Ordering::AcqRel);
        self.inner.notified()
    }

    pub(crate) fn notify_waiters(&self) {
        self.steps.fetch_add(1, Ordering::AcqRel);
        self.inner.notify_waiters();
    }
}
