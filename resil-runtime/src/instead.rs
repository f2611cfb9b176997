//! What stands in the place of something else while the program runs: settings, or a rate limit that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};

/// What stands in the place of something else, if anything does.
#[derive(Debug)]
pub(crate) struct Instead<T> {
    /// It is read before the pointer, which costs more.
    is_there: AtomicBool,
    other: ArcSwapOption<T>,
    version: AtomicU64,
}

/// What was found. It stays as it is as long as this lives.
#[derive(Debug)]
pub(crate) struct Found<T>(
    // Never `None`.
    Guard<Option<Arc<T>>>,
);

impl<T> std::ops::Deref for Found<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        match self.0.as_deref() {
            Some(other) => other,
            None => unreachable!("it is made of one that is there"),
        }
    }
}

impl<T> Instead<T> {
    pub(crate) fn new() -> Self {
        Self {
            is_there: AtomicBool::new(false),
            other: ArcSwapOption::const_empty(),
            version: AtomicU64::new(0),
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<Found<T>> {
        if self.is_there() { self.load() } else { None }
    }

    #[inline(never)]
    fn load(&self) -> Option<Found<T>> {
        let other = self.other.load();
        other.is_some().then_some(Found(other))
    }

    /// Returns whether anything may be there.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self, other: Option<Arc<T>>) {
        let is_there = other.is_some();
        self.other.store(other);
        self.is_there.store(is_there, Ordering::Release);
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns what is there, with the number of the replacement that has put it there, or an earlier one;
    /// `None` if `follower` follows that replacement already.
    pub(crate) fn newer_than(&self, follower: &Self) -> Option<(u64, Option<Arc<T>>)> {
        let version = self.version();
        (version != follower.version()).then(|| (version, self.other.load_full()))
    }

    /// Returns whether `follower` does not follow the last replacement.
    pub(crate) fn is_newer_than(&self, follower: &Self) -> bool {
        self.version() != follower.version()
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Notes that what is there follows that replacement of another state.
    pub(crate) fn follows(&self, version: u64) {
        self.version.store(version, Ordering::Release);
    }
}
