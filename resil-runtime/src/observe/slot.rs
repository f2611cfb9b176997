//! The slots on which threads count: each owner has one for itself.
//!
//! A thread owns its slot until it ends, so that it counts with a load and a store, and no other core
//! writes the line. Threads past the number of slots share the rest of them, and add atomically.

use std::sync::PoisonError;

use crate::sync::{AtomicU64, Mutex, Ordering::Relaxed, broken};

/// The number of slots of one thread each.
#[cfg(not(loom))]
pub(crate) const OWNED: usize = 64;
#[cfg(loom)]
pub(crate) const OWNED: usize = 1;

/// A slot, by the index of its counters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot(pub(super) usize);

impl Slot {
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0
    }

    /// Returns a slot that nobody owns.
    #[cfg(loom)]
    pub(crate) fn shared() -> Self {
        Self(OWNED)
    }

    /// Returns whether one thread alone counts on it.
    #[inline]
    pub(crate) fn is_owned(self) -> bool {
        self.0 < OWNED || broken("shared_slot_adds")
    }

    /// Adds to a counter of this slot.
    ///
    /// The owner of a slot is the only one who writes its counters. A slot gets its next owner through a
    /// lock, so that each owner sees what the one before has counted.
    #[inline]
    pub(crate) fn add(self, counter: &AtomicU64, n: u64) {
        if self.is_owned() {
            counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
        } else {
            counter.fetch_add(n, Relaxed);
        }
    }
}

/// The slots that no thread owns, one bit each.
#[derive(Debug)]
pub(crate) struct Slots(Mutex<u64>);

impl Slots {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self(Mutex::new(u64::MAX))
    }

    /// Creates one slot; not const, since the model checker's locks are not.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self(Mutex::new(1))
    }

    /// Takes the lowest slot that is free, so that there are as many counters as there were threads at once.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = free.trailing_zeros() as usize;
        if slot >= OWNED {
            return None;
        }
        if !broken("slot_is_taken") {
            *free &= !(1 << slot);
        }
        Some(Slot(slot))
    }

    /// Gives a slot back.
    pub(crate) fn give(&self, slot: Slot) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) |= 1 << slot.0;
    }
}
