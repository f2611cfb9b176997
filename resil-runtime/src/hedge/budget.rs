//! The budget of further copies: a token bucket that every call gives a share of a copy to.
//!
//! It counts what is spent rather than what is left, as the budget of a retry does: a full bucket is
//! zero, and a call on a full bucket reads one word and writes none.

use crate::sync::{AtomicU32, Ordering::Relaxed, broken};

/// One copy, in the parts in which a budget counts.
const COPY: u32 = 1 << 24;

/// The parts that a budget holds at most: a burst of ten copies.
const BURST: u32 = 10 * COPY;

/// The copies that a full budget pays for.
#[cfg(feature = "catalog")]
pub(crate) const FULL: u32 = BURST / COPY;

/// Returns the parts of a copy that each call gives, where `ratio` copies may be started per call on
/// average. They are rounded up, so that ten calls of a tenth make one copy.
pub(super) const fn gain(ratio: f64) -> u32 {
    let parts = ratio * COPY as f64;
    // A comparison with NaN is false.
    if parts >= COPY as f64 {
        COPY
    } else if parts > 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 2^24"
        )]
        let whole = parts as u32;
        if (whole as f64) < parts {
            whole + 1
        } else {
            whole
        }
    } else {
        0
    }
}

/// Returns the ratio, to a hundredth of a percent, that gives so many parts.
#[cfg(any(feature = "catalog", feature = "settings"))]
pub(super) fn ratio(gain: u32) -> f64 {
    let exact = f64::from(gain) / f64::from(COPY);
    let short = (exact * 1e4).round() / 1e4;
    if self::gain(short) == gain {
        short
    } else {
        exact
    }
}

/// A bucket, as the parts of copies that are spent.
#[derive(Debug, Default)]
pub(crate) struct HedgeBudget(AtomicU32);

impl HedgeBudget {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Creates a full bucket; not const, since the model checker's atomics are not.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Gives the share of a call that begins.
    #[inline(always)]
    pub(crate) fn give(&self, gain: u32) {
        if self.0.load(Relaxed) != 0 {
            self.give_some(gain);
        }
    }

    #[cold]
    #[inline(never)]
    fn give_some(&self, gain: u32) {
        if broken("hedge_gives_in_one") {
            let spent = self.0.load(Relaxed);
            return self.0.store(spent.saturating_sub(gain), Relaxed);
        }
        let _ = self.0.fetch_update(Relaxed, Relaxed, |spent| {
            (spent != 0).then(|| spent.saturating_sub(gain))
        });
    }

    /// Returns the number of whole copies that are left.
    #[cfg(feature = "catalog")]
    pub(crate) fn left(&self) -> u32 {
        BURST.saturating_sub(self.0.load(Relaxed)) / COPY
    }

    /// Takes one copy. Returns false, and takes nothing, if less is left.
    pub(crate) fn take(&self) -> bool {
        let rest = |spent: u32| spent.checked_add(COPY).filter(|&spent| spent <= BURST);
        if broken("hedge_takes_in_one") {
            let spent = rest(self.0.load(Relaxed));
            if let Some(spent) = spent {
                self.0.store(spent, Relaxed);
            }
            return spent.is_some();
        }
        self.0.fetch_update(Relaxed, Relaxed, rest).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(budget: &HedgeBudget) -> usize {
        (0..100).filter(|_| budget.take()).count()
    }

    #[test]
    fn a_burst_is_ten_copies() {
        let budget = HedgeBudget::new();
        assert_eq!(taken(&budget), 10);
        for _ in 0..1_000 {
            budget.give(gain(1.0));
        }
        assert_eq!(taken(&budget), 10, "a full bucket saves nothing up");
    }

    #[test]
    fn as_many_calls_as_the_ratio_says_pay_for_one_copy() {
        for (ratio, calls) in [(1.0, 1), (0.5, 2), (0.1, 10), (1.0 / 3.0, 3), (0.01, 100)] {
            let budget = HedgeBudget::new();
            assert_eq!(taken(&budget), 10);
            for n in 1..=calls * 5 {
                budget.give(gain(ratio));
                assert_eq!(budget.take(), n % calls == 0, "{ratio}, call {n}");
            }
        }
    }

    #[test]
    fn a_ratio_out_of_range_is_clamped() {
        assert_eq!(gain(2.0), COPY);
        assert_eq!(gain(f64::INFINITY), COPY);
        assert_eq!(gain(0.0), 0);
        assert_eq!(gain(-1.0), 0);
        assert_eq!(gain(f64::NAN), 0);
        assert_eq!(gain(1e-12), 1, "the smallest share is one part");
    }
}
