//! The listeners of the process, and how an event reaches them.
//!
//! Listeners run in the task that the event happens in, with no lock held. One that panics loses
//! that event and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

#[cfg(all(feature = "control", not(loom)))]
use super::held::{Holding, is_held_back};
use super::kinds::Event;
use super::switch::{Awake, is_awake};
use super::trace;

type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// The number of listeners: read on every event that a trace or a listener may hear, without the
/// lock.
static LISTENING: AtomicUsize = AtomicUsize::new(0);
static LISTENERS: RwLock<Vec<Listener>> = RwLock::new(Vec::new());

/// Keeps a listener subscribed; dropping it removes the listener. [`subscribe`] returns it.
#[must_use = "the listener is removed when this is dropped"]
pub struct Subscription {
    listener: Listener,
    _awake: Awake,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}

/// Calls `listener` with every event of the process, until the returned subscription is dropped.
///
/// The listener runs in the task that the event happens in: it should be quick, and must not block.
/// A panic of it is caught; the other listeners still hear the event.
pub fn subscribe(listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
    let listener: Listener = Arc::new(listener);
    let mut all = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
    all.push(Arc::clone(&listener));
    LISTENING.store(all.len(), Relaxed);
    Subscription {
        listener,
        _awake: Awake::new(),
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut all = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
        let removed = all
            .iter()
            .position(|l| Arc::ptr_eq(l, &self.listener))
            .map(|i| all.swap_remove(i));
        LISTENING.store(all.len(), Relaxed);
        // The closure holds values of the user's, which may be dropped here. Their code must not
        // run under the lock.
        drop(all);
        drop(removed);
    }
}

/// Returns whether an event on this thread would be heard: for events that are told only once.
#[inline]
pub(crate) fn is_heard() -> bool {
    is_awake() && is_heard_here()
}

/// Tells an event to the listeners and to the traces around. It is made only if there are any.
#[inline]
pub(crate) fn emit(event: impl FnOnce() -> Event) {
    if is_heard() {
        tell(&event());
    }
}

/// Returns whether an event on this thread would be heard. A trace on another thread does not hear
/// it.
#[cold]
fn is_heard_here() -> bool {
    #[cfg(feature = "tracing")]
    if crate::spans::is_on() {
        return true;
    }
    is_listened_to()
}

/// Returns whether a listener or a trace would hear an event on this thread: they are shown the text of
/// errors, which no event of tracing's has.
pub(super) fn is_listened_to() -> bool {
    LISTENING.load(Relaxed) != 0 || trace::is_here()
}

/// Returns the listeners. Without any it allocates nothing.
fn listeners() -> Vec<Listener> {
    if LISTENING.load(Relaxed) == 0 {
        return Vec::new();
    }
    LISTENERS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Holds back the events of this thread until the result is dropped.
#[cfg(all(feature = "control", not(loom)))]
pub(crate) fn hold() -> Holding {
    Holding::begin(tell)
}

#[cold]
fn tell(event: &Event) {
    #[cfg(all(feature = "control", not(loom)))]
    if is_held_back(event) {
        return;
    }
    trace::gather(event);
    for listener in listeners() {
        // Events are also told while values are dropped, where a second panic would abort the
        // process.
        let _ = catch_unwind(AssertUnwindSafe(|| listener(event)));
    }
    #[cfg(feature = "tracing")]
    if crate::spans::is_on() {
        let _ = catch_unwind(AssertUnwindSafe(|| crate::spans::tell(event)));
    }
}
