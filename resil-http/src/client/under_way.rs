//! What a call counts: its attempts, and those of them that are under way.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A count of a call, which is one future: no two threads write to it at once.
///
/// So a step is a load and a store. As an atomic one it would wait until all that the thread has written before is in
/// its cache. The type is an atomic all the same, as the future may go from thread to thread.
#[derive(Default)]
pub(super) struct Count(AtomicU32);

impl Count {
    pub(super) fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// Counts one more, and returns how many there are then.
    pub(super) fn add(&self) -> u32 {
        let more = self.get() + 1;
        self.0.store(more, Relaxed);
        more
    }

    /// Counts one less.
    pub(super) fn take(&self) {
        self.0.store(self.get() - 1, Relaxed);
    }
}

/// An attempt that holds itself to the end of its call.
pub(super) struct UnderWay<'c>(&'c Count);

impl<'c> UnderWay<'c> {
    pub(super) fn begin(count: &'c Count) -> Self {
        count.add();
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.take();
    }
}
