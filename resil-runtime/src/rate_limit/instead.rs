//! A state that counts in the place of another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};

/// The rate limit that counts in the place of another one, if one does.
#[derive(Debug)]
pub(super) struct Instead<T> {
    /// It is read before the pointer, which costs more.
    is_there: AtomicBool,
    other: ArcSwapOption<T>,
    version: AtomicU64,
}

/// Never `None`.
pub(super) struct Found<T>(Guard<Option<Arc<T>>>);

impl<T> std::ops::Deref for Found<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.0.as_deref() {
            Some(other) => other,
            None => unreachable!("it is made of one that is there"),
        }
    }
}

impl<T> Instead<T> {
    pub(super) fn new() -> Self {
        Self {
            is_there: AtomicBool::new(false),
            other: ArcSwapOption::const_empty(),
            version: AtomicU64::new(0),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self) -> Option<Found<T>> {
        if self.is_there.load(Ordering::Acquire) {
            self.load()
        } else {
            None
        }
    }

    #[inline(never)]
    fn load(&self) -> Option<Found<T>> {
        let other = self.other.load();
        other.is_some().then_some(Found(other))
    }

    pub(super) fn set(&self, other: Option<Arc<T>>) {
        let is_there = other.is_some();
        self.other.store(other);
        self.is_there.store(is_there, Ordering::Release);
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns what is there, with the number of the replacement that has put it there, or an earlier one.
    pub(super) fn versioned(&self) -> (u64, Option<Arc<T>>) {
        let version = self.version();
        (version, self.other.load_full())
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Notes that what is there follows that replacement of another state.
    pub(super) fn follows(&self, version: u64) {
        self.version.store(version, Ordering::Release);
    }
}
