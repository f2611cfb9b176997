//! The slot of this thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::slot::{OWNED, Slot, Slots};

/// The number of slots in all; those after the owned ones are shared.
pub(crate) const SLOTS: usize = OWNED + 8;

static FREE: Slots = Slots::new();

thread_local! {
    /// The slot of this thread; `SLOTS` before the first call. Read without a check whether the thread
    /// is ending.
    static HERE: Cell<usize> = const { Cell::new(SLOTS) };
    /// Gives the slot back when the thread ends.
    static OWNER: Owner = const { Owner };
}

/// Returns the slot of this thread.
#[inline]
pub(crate) fn here() -> Slot {
    let slot = HERE.get();
    if slot < SLOTS { Slot(slot) } else { take_one() }
}

struct Owner;

impl Drop for Owner {
    fn drop(&mut self) {
        let slot = HERE.replace(shared());
        if slot < OWNED {
            FREE.give(Slot(slot));
        }
    }
}

#[cold]
#[inline(never)]
fn take_one() -> Slot {
    // A thread that is ending can own none any more.
    let owns = OWNER.try_with(|_| ()).is_ok();
    let owned = if owns { FREE.take() } else { None };
    let slot = owned.unwrap_or_else(|| Slot(shared()));
    HERE.set(slot.index());
    slot
}

/// Returns one of the shared slots, one after the other.
fn shared() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    OWNED + NEXT.fetch_add(1, Relaxed) % (SLOTS - OWNED)
}
