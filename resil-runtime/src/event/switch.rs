//! The counter of listeners, which every event reads, so that an event without a listener costs one
//! relaxed load.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The number of listeners and traces in the process.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Counts as one listener or trace until it is dropped.
#[derive(Debug)]
pub(crate) struct Awake(());

impl Awake {
    pub(crate) fn new() -> Self {
        COUNT.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Relaxed);
    }
}

/// Returns whether anybody in the process may hear an event: one relaxed load, and with the feature
/// `tracing` another one.
#[inline(always)]
pub(crate) fn is_awake() -> bool {
    #[cfg(feature = "tracing")]
    if crate::spans::is_on() {
        return true;
    }
    COUNT.load(Relaxed) != 0
}
