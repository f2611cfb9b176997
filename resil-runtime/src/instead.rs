//! What stands in the place of something else while the program runs: settings, or a rate limit that counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwapOption, Guard};

/// What stands in the place of something else, if anything does.
#[derive(Debug)]
pub(crate) struct Instead<T> {
    /// It is read before the pointer, which costs more.
    is_there: AtomicBool,
    other: ArcSwapOption<T>,
    version: AtomicU64,
    /// Held by whoever changes the three above, so that they belong together. What is only read needs no lock.
    changing: Mutex<()>,
}

/// The right to change what is there, which one thread has at a time.
pub(crate) struct Changing<'a, T> {
    instead: &'a Instead<T>,
    /// The replacement of another state that is followed.
    followed: Option<u64>,
    _lock: MutexGuard<'a, ()>,
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
            changing: Mutex::new(()),
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

    /// Waits until nobody else changes what is there, and keeps others from it.
    pub(crate) fn change(&self) -> Changing<'_, T> {
        Changing {
            instead: self,
            followed: None,
            _lock: self.lock(),
        }
    }

    /// Waits until nobody changes what is there.
    pub(crate) fn changed(&self) {
        drop(self.lock());
    }

    /// Has `put` put what stands in the place of `base` in the place of this too. Returns false if that was done
    /// before: then no lock is taken.
    pub(crate) fn follow(
        &self,
        base: &Self,
        put: impl FnOnce(&Changing<'_, T>, Option<Arc<T>>),
    ) -> bool {
        if base.version() == self.version() {
            return false;
        }
        let mut changing = self.change();
        let (version, other) = base.latest();
        // Another thread may have done it by now, and by a later replacement.
        if version == self.version() {
            return false;
        }
        changing.followed = Some(version);
        put(&changing, other);
        true
    }

    /// Returns what is there, with the number of the replacement that has put it there.
    fn latest(&self) -> (u64, Option<Arc<T>>) {
        let _changing = self.lock();
        (self.version(), self.other.load_full())
    }

    /// Returns whether `follower` does not follow the last replacement.
    pub(crate) fn is_newer_than(&self, follower: &Self) -> bool {
        self.version() != follower.version()
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Changing<'_, T> {
    /// Returns what is there.
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.instead.other.load_full()
    }

    /// Puts `other` there; with `None`, takes away what is there.
    pub(crate) fn set(&self, other: Option<Arc<T>>) {
        let instead = self.instead;
        let is_there = other.is_some();
        instead.other.store(other);
        instead.is_there.store(is_there, Ordering::Release);
        let next = || instead.version().wrapping_add(1);
        let version = self.followed.unwrap_or_else(next);
        // At last: whoever sees it finds what was put there.
        instead.version.store(version, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn what_threads_put_there_belongs_together() {
        const TIMES: u64 = 20_000;
        let (instead, together) = (&Instead::new(), &Barrier::new(2));
        let set = |other: Option<u64>| {
            together.wait();
            for _ in 0..TIMES {
                instead.change().set(other.map(Arc::new));
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| set(Some(1)));
            set(None);
        });
        assert_eq!(instead.version(), TIMES * 2, "each is a replacement");
        let other = instead.change().get();
        assert_eq!(instead.is_there(), other.is_some());
    }

    /// Who follows last has what was put there last, though another one began to follow before.
    #[test]
    fn what_follows_is_what_was_put_there_last() {
        for _ in 0..500 {
            let (base, key) = (&Instead::new(), &Instead::new());
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while key.version() != 4 {
                            key.follow(base, |changing, other| {
                                let of = other.as_deref().copied();
                                changing.set(of.map(Arc::new));
                            });
                        }
                    });
                }
                for n in [Some(1), None, Some(2), Some(3)] {
                    base.change().set(n.map(Arc::new));
                }
            });
            assert_eq!(key.get().as_deref(), Some(&3));
        }
    }
}
