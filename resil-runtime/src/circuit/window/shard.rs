//! Which cache line of a timed window a thread writes to, so that threads that all succeed do not
//! compete for one.

#[cfg(not(loom))]
use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// Returns the number of shards: that of threads that can run at once, at most eight, which is 1
/// KB.
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

/// One shard for the model checker, whose every run must be the same. What it checks is that calls
/// and failures are counted on different lines.
#[cfg(loom)]
pub(super) fn number() -> usize {
    1
}

#[cfg(loom)]
pub(super) fn of_thread() -> usize {
    0
}
