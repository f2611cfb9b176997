//! The tally of one function: what its calls did, counted in shards.

use std::sync::PoisonError;

use super::count::{COUNTS, Count};
use super::slot::{SLOTS, Slot};
use crate::sync::{AtomicU64, Line, Mutex, OnceLock, Ordering::Relaxed};

/// The counts of one function. They only grow.
#[derive(Debug)]
pub(crate) struct Tally {
    function: &'static str,
    /// Those of each [`Slot`], made when a thread first counts there.
    shards: Box<[OnceLock<Box<Line<Shard>>>; SLOTS]>,
}

#[derive(Debug)]
struct Shard {
    counts: [AtomicU64; COUNTS],
}

impl Shard {
    fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

#[cfg(not(loom))]
static ALL: Mutex<Vec<&'static Tally>> = Mutex::new(Vec::new());

impl Tally {
    pub(crate) fn new(function: &'static str) -> Self {
        Self {
            function,
            shards: Box::new(std::array::from_fn(|_| OnceLock::new())),
        }
    }

    /// Creates the tally of `function`. It is never dropped: only annotated functions, and the names and
    /// places of values, have one.
    #[cfg(not(loom))]
    #[cold]
    pub(crate) fn register(function: &'static str) -> &'static Self {
        let tally: &'static Self = Box::leak(Box::new(Self::new(function)));
        ALL.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(tally);
        tally
    }

    /// Returns the tallies of all functions that were called, in the order of their first calls.
    #[cfg(not(loom))]
    pub(crate) fn all() -> Vec<&'static Self> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    /// Counts one of `what`.
    #[inline]
    pub(crate) fn add(&self, what: Count) {
        let slot = Slot::here();
        slot.add(&self.shard(slot).counts[what as usize], 1);
    }

    /// Counts a call that ended at `now` and took so long, in nanoseconds.
    #[inline]
    pub(crate) fn end(&self, how: Count, _now: u64, _took: u64) {
        self.add(how);
    }

    #[inline]
    fn shard(&self, slot: Slot) -> &Shard {
        match self.shards[slot.index()].get() {
            Some(shard) => &shard.0,
            None => self.make(slot),
        }
    }

    #[cold]
    #[inline(never)]
    fn make(&self, slot: Slot) -> &Shard {
        let made = self.shards[slot.index()].get_or_init(|| Box::new(Line(Shard::new())));
        &made.0
    }

    /// Returns what was counted, by the numbers of [`Count`].
    ///
    /// The ends are read before the beginnings, so that no more calls have ended than have begun.
    pub(crate) fn sums(&self) -> [u64; COUNTS] {
        let mut sums = [0_u64; COUNTS];
        for (what, sum) in sums.iter_mut().enumerate() {
            let shards = self.shards.iter().filter_map(OnceLock::get);
            let counts = shards.map(|shard| shard.0.counts[what].load(Relaxed));
            *sum = counts.fold(0, u64::wrapping_add);
        }
        sums
    }
}
