//! The slots on which threads count: a slot that goes from one thread to the next loses nothing.

use std::sync::Arc;

use ::loom::thread;

use super::{Model, explore};
use crate::observe::slot::{OWNED, Slot, Slots};
use crate::sync::{AtomicU64, Ordering::Relaxed};

pub(crate) const MODELS: &[Model] = &[Model {
    name: "sight: slots",
    check: counts_on_slots,
    variants: &["slot_is_taken", "shared_slot_adds"],
}];

struct Counters {
    slots: Slots,
    /// That of the one slot which can be owned, and that of the others.
    counts: [AtomicU64; OWNED + 1],
}

impl Counters {
    /// Counts one as a thread does that comes, calls once and ends.
    fn come_and_go(&self) {
        let taken = self.slots.take();
        let slot = taken.unwrap_or_else(Slot::shared);
        slot.add(&self.counts[slot.index()], 1);
        if let Some(slot) = taken {
            self.slots.give(slot);
        }
    }
}

fn counts_on_slots() {
    explore(|| {
        let all = Arc::new(Counters {
            slots: Slots::new(),
            counts: [AtomicU64::new(0), AtomicU64::new(0)],
        });
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let all = Arc::clone(&all);
                thread::spawn(move || all.come_and_go())
            })
            .collect();
        all.come_and_go();
        for thread in threads {
            thread.join().unwrap();
        }
        let sum: u64 = all.counts.iter().map(|count| count.load(Relaxed)).sum();
        assert_eq!(sum, 3, "a count was lost");
    });
}
