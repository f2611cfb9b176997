//! The shards of a timed window. Each thread writes to the cache line of one of them, so that
//! threads that all succeed do not compete for one line.

#[cfg(not(loom))]
use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// Returns the number of shards: as many as threads can run at once, at most eight, which is 1 KB.
#[cfg(not(loom))]
pub(super) fn number() -> usize {
    const MOST: usize = 8;
    thread::available_parallelism().map_or(MOST, |n| n.get().min(MOST))
}

/// Returns the shard of this thread. Threads take the shards in turn.
#[cfg(not(loom))]
pub(super) fn of_thread() -> usize {
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

/// Returns one: every run of the model checker must be the same. The models are about calls and
/// failures that are counted on different lines, not about shards.
#[cfg(loom)]
pub(super) fn number() -> usize {
    1
}

#[cfg(loom)]
pub(super) fn of_thread() -> usize {
    0
}
