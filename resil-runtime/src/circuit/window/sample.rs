//! The samples that a window counts, and its totals.

/// The counts of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
    /// Whether a quick success would change nothing: the window is full, and nothing in it failed
    /// or was slow.
    pub(crate) settled: bool,
}

/// The outcome of one call, as a window counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

impl Sample {
    /// Returns the sample as its two bits in the ring of a counted window.
    pub(super) fn bits(self) -> u64 {
        u64::from(self.failed) | u64::from(self.slow) << 1
    }

    pub(super) fn of_bits(bits: u64) -> Self {
        Self {
            failed: bits & 1 != 0,
            slow: bits & 2 != 0,
        }
    }
}

/// A call that failed or not, and was not slow.
impl From<bool> for Sample {
    fn from(failed: bool) -> Self {
        Self {
            failed,
            slow: false,
        }
    }
}
