//! The attempts of a call that are under way.

use std::sync::atomic::{AtomicU32, Ordering};

/// An attempt that holds itself to the end of its call.
pub(super) struct UnderWay<'c>(&'c AtomicU32);

impl<'c> UnderWay<'c> {
    pub(super) fn begin(count: &'c AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
