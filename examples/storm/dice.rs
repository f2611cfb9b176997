//! The random numbers of the model: integers, from a seed alone, so that a run is the same on each machine.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// `SplitMix64`, shared by all tasks of one run. They are on one thread, so the order of the draws is that of
/// the tasks, which paused time makes the same in each run.
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Draws from all numbers.
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let z = self.0.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws from `low` to `high`, both included.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        // The span is far below 2^32: the bias is too.
        low + (((self.draw() >> 32) * (high - low + 1)) >> 32)
    }

    /// Returns true this often in a million times.
    pub(crate) fn in_a_million(&self, times: u64) -> bool {
        self.between(0, 999_999) < times
    }
}
