//! The slot of a thread: the index of the counters that it counts on.
//!
//! A thread owns its slot until it ends, so that it counts with a load and a store, and no other core
//! writes the line. Threads past the number of slots share the rest of them, and add atomically.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::sync::{AtomicU64, Ordering};

/// The number of slots of one thread each.
pub(crate) const OWNED: usize = 64;
/// The number of slots in all; those after the owned ones are shared.
pub(crate) const SLOTS: usize = OWNED + 8;

/// The slot of a thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot(usize);

impl Slot {
    /// Returns the slot of this thread.
    #[inline]
    pub(crate) fn here() -> Self {
        let slot = HERE.get();
        if slot < SLOTS { Self(slot) } else { take_one() }
    }

    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0
    }

    /// Adds to a counter of this slot.
    ///
    /// The owner of a slot is the only one who writes its counters. A slot gets its next owner through a
    /// lock, so that each owner sees what the one before has counted.
    #[inline]
    pub(crate) fn add(self, counter: &AtomicU64, n: u64) {
        if self.0 < OWNED {
            let sum = counter.load(Ordering::Relaxed).wrapping_add(n);
            counter.store(sum, Ordering::Relaxed);
        } else {
            counter.fetch_add(n, Ordering::Relaxed);
        }
    }
}

impl Slot {
    /// Raises a counter of this slot to `n`, if that is more.
    ///
    /// A reader takes it back to zero. If the owner is between the load and the store then, the owner's
    /// number stands, which is the later one.
    #[inline]
    pub(crate) fn raise(self, counter: &AtomicU64, n: u64) {
        if counter.load(Ordering::Relaxed) >= n {
            return;
        }
        if self.0 < OWNED {
            counter.store(n, Ordering::Relaxed);
        } else {
            counter.fetch_max(n, Ordering::Relaxed);
        }
    }
}

thread_local! {
    /// The slot of this thread; `SLOTS` before the first call. Read without a check whether the thread
    /// is ending.
    static HERE: Cell<usize> = const { Cell::new(SLOTS) };
    /// Gives the slot back when the thread ends.
    static OWNER: Owner = const { Owner };
}

/// The slots that no thread owns. The lowest one is taken first: there are as many counters as there were
/// threads at once.
static FREE: Mutex<u64> = Mutex::new(u64::MAX);
const _: () = assert!(OWNED == 64, "one bit each");

struct Owner;

impl Drop for Owner {
    fn drop(&mut self) {
        let slot = HERE.replace(shared());
        if slot < OWNED {
            *FREE.lock().unwrap_or_else(PoisonError::into_inner) |= 1 << slot;
        }
    }
}

#[cold]
#[inline(never)]
fn take_one() -> Slot {
    // A thread that is ending can own none any more.
    let owns = OWNER.try_with(|_| ()).is_ok();
    let owned = if owns { lowest_free() } else { None };
    let slot = owned.unwrap_or_else(shared);
    HERE.set(slot);
    Slot(slot)
}

fn lowest_free() -> Option<usize> {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = free.trailing_zeros() as usize;
    (slot < OWNED).then(|| {
        *free &= !(1 << slot);
        slot
    })
}

/// Returns one of the shared slots, one after the other.
fn shared() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    OWNED + NEXT.fetch_add(1, Relaxed) % (SLOTS - OWNED)
}
