//! Counts how much of a store is in use, over all its shards. A record holds a share of the
//! capacity, and gives it back when it is removed.

use std::sync::Arc;

use crate::sync::{AtomicUsize, Ordering::Relaxed, broken};

/// The limits of a store, and how much of them is in use.
#[derive(Debug)]
pub(super) struct Capacity {
    max_entries: usize,
    max_bytes: usize,
    entries: AtomicUsize,
    bytes: AtomicUsize,
}

impl Capacity {
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            max_entries,
            max_bytes,
            entries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        }
    }

    pub(super) fn max_entries(&self) -> usize {
        self.max_entries
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    #[cfg(any(test, loom))]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.entries.load(Relaxed), self.bytes.load(Relaxed))
    }
}

/// A share of a [`Capacity`], given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    capacity: Arc<Capacity>,
    entries: usize,
    bytes: usize,
}

impl Room {
    /// Takes a share; `None` if less than that is left.
    pub(super) fn take(capacity: &Arc<Capacity>, entries: usize, bytes: usize) -> Option<Self> {
        let add = |to: &AtomicUsize, n: usize, max: usize| {
            if broken("room_in_one") {
                let held = to.load(Relaxed);
                to.store(held + n, Relaxed);
                return held + n <= max;
            }
            to.fetch_update(Relaxed, Relaxed, |held| {
                held.checked_add(n).filter(|sum| *sum <= max)
            })
            .is_ok()
        };
        // Made before anything is taken: if there are entries left and no bytes, its drop gives the
        // entries back.
        let mut room = Self {
            capacity: Arc::clone(capacity),
            entries: 0,
            bytes: 0,
        };
        if !add(&capacity.entries, entries, capacity.max_entries) {
            return None;
        }
        room.entries = entries;
        if !add(&capacity.bytes, bytes, capacity.max_bytes) {
            return None;
        }
        room.bytes = bytes;
        Some(room)
    }

    /// Adds `other` to this share.
    pub(super) fn absorb(&mut self, mut other: Self) {
        self.entries += std::mem::take(&mut other.entries);
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.capacity.entries.fetch_sub(self.entries, Relaxed);
        self.capacity.bytes.fetch_sub(self.bytes, Relaxed);
    }
}
