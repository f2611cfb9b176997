//! The settings of a hedge: the const builder that `#[hedge(..)]` expands to.

use std::time::Duration;

use super::budget;

/// The delay before each further copy.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum HedgeAfter {
    /// This long.
    Delay(Duration),
    /// As long as this share of the latest successes took, in percent: 95 for `p95`. It is known once
    /// 100 successes have come.
    Percentile {
        /// The share, from 50 to 99.9.
        percent: f64,
        /// The delay until 100 successes have come; with `None` no copy is started until then.
        default: Option<Duration>,
    },
}

impl HedgeAfter {
    /// Returns the delay that `percent` of the latest successes took no longer than, clamped to 50 to
    /// 99.9.
    pub const fn percentile(percent: f64) -> Self {
        // A comparison with NaN is false.
        let percent = if percent >= 99.9 {
            99.9
        } else if percent >= 50.0 {
            percent
        } else {
            50.0
        };
        Self::Percentile {
            percent,
            default: None,
        }
    }

    /// Sets the delay that is used until a percentile is known. A fixed delay is left as it is.
    #[must_use]
    pub const fn or(self, default: Duration) -> Self {
        match self {
            Self::Delay(_) => self,
            Self::Percentile { percent, .. } => Self::Percentile {
                percent,
                default: Some(default),
            },
        }
    }
}

/// The settings of a hedge.
///
/// No setter panics: a value out of range is replaced by the nearest one in range. (`#[hedge]` refuses
/// such values at compile time.)
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
///
/// const POLICY: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(50))).max(3);
/// const BY_LATENCY: HedgePolicy =
///     HedgePolicy::new(HedgeAfter::percentile(95.0).or(Duration::from_millis(50))).budget(0.05);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct HedgePolicy {
    pub(crate) after: HedgeAfter,
    pub(crate) max: u32,
    /// Whether `max` was written out.
    pub(crate) max_is_given: bool,
    /// The parts of a copy that each call gives to the budget; `None` without a budget.
    pub(crate) gain: Option<u32>,
}

impl HedgePolicy {
    /// Creates settings with that delay: two copies in all, and a budget of 10 %.
    pub const fn new(after: HedgeAfter) -> Self {
        Self {
            after,
            max: 2,
            max_is_given: false,
            gain: Some(budget::gain(0.1)),
        }
    }

    /// The settings of a hedge that is switched off: one copy, from which nothing is learned.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) const OFF: Self = Self {
        after: HedgeAfter::Delay(Duration::ZERO),
        // No builder sets it.
        max: 1,
        max_is_given: false,
        gain: None,
    };

    /// Sets the delay before each further copy.
    pub const fn after(mut self, after: HedgeAfter) -> Self {
        self.after = after;
        self
    }

    /// Sets the number of copies in all, the first one included: 2 to 16. Default: 2.
    pub const fn max(mut self, copies: u32) -> Self {
        self.max = if copies < 2 {
            2
        } else if copies > 16 {
            16
        } else {
            copies
        };
        self.max_is_given = true;
        self
    }

    /// Sets how many further copies a call may cost on average, from 0 to 1. Default: 0.1. A burst of ten
    /// is allowed.
    pub const fn budget(mut self, ratio: f64) -> Self {
        self.gain = Some(budget::gain(ratio));
        self
    }

    /// Removes the budget: every call may start `max` copies, also while all calls are slow.
    pub const fn no_budget(mut self) -> Self {
        self.gain = None;
        self
    }

    /// Returns how many further copies a call may cost on average; `None` without a budget.
    #[cfg(any(feature = "catalog", feature = "settings"))]
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.gain.map(budget::ratio)
    }
}
