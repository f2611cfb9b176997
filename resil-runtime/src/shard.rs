//! The shards of a count. Each thread writes to the cache line of one of them, so that threads do not
//! compete for one line.

#[cfg(not(loom))]
use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The number of shards, 1 KB of them. It is not the number of threads that can run at once: a breaker is made by the
/// first call, and on a thread that is pinned to one core the system answers that there is one.
#[cfg(not(loom))]
pub(crate) const NUMBER: usize = 8;

/// Returns the shard of this thread. Threads take the shards in turn.
#[cfg(not(loom))]
pub(crate) fn of_thread() -> usize {
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // The thread may be ending, its locals gone: any shard is right.
    OWN.try_with(|own| {
        if own.get() == usize::MAX {
            own.set(NEXT.fetch_add(1, Relaxed) & (usize::MAX >> 1));
        }
        own.get()
    })
    .unwrap_or(0)
}

/// One: every run of the model checker must be the same. The models are about calls and
/// failures that are counted on different lines, not about shards.
#[cfg(loom)]
pub(crate) const NUMBER: usize = 1;

#[cfg(loom)]
pub(crate) fn of_thread() -> usize {
    0
}

/// The number of shards, for an edge.
#[cfg(all(feature = "edge", not(loom)))]
pub const SHARDS: usize = NUMBER;

/// Returns the shard of this thread, less than [`SHARDS`].
#[cfg(all(feature = "edge", not(loom)))]
pub fn shard_of_thread() -> usize {
    of_thread() % SHARDS
}
