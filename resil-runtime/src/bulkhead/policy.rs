//! The settings of a bulkhead: the const builder that `#[bulkhead(..)]` expands to.

use std::time::Duration;

use super::word::MOST;
use crate::clock;

/// The bounds of a limit that is learned from the latency of the calls, and where it begins.
///
/// No setter panics: a value out of range is replaced by the nearest one in range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct AdaptiveLimit {
    min: u32,
    start: u32,
    max: u32,
}

impl Default for AdaptiveLimit {
    fn default() -> Self {
        Self::new()
    }
}

impl AdaptiveLimit {
    /// Creates the default bounds: a limit from 1 to 1000 that begins with 16.
    pub const fn new() -> Self {
        Self {
            min: 1,
            start: 16,
            max: 1_000,
        }
    }

    /// Sets the lowest limit, 1 to 65 535. Default: 1.
    pub const fn min(mut self, count: u32) -> Self {
        self.min = clamp(count, 1, MOST);
        self
    }

    /// Sets the limit before anything was learned, 1 to 65 535. Default: 16.
    pub const fn start(mut self, count: u32) -> Self {
        self.start = clamp(count, 1, MOST);
        self
    }

    /// Sets the highest limit, 1 to 65 535. Default: 1000.
    pub const fn max(mut self, count: u32) -> Self {
        self.max = clamp(count, 1, MOST);
        self
    }

    /// Returns the bounds in order: a `max` below `min` counts as `min`, and a `start` out of both as
    /// the nearer one.
    pub(crate) const fn ordered(self) -> Self {
        let max = clamp(self.max, self.min, MOST);
        Self {
            min: self.min,
            start: clamp(self.start, self.min, max),
            max,
        }
    }

    pub(crate) const fn lowest(self) -> u32 {
        self.min
    }

    pub(crate) const fn first(self) -> u32 {
        self.start
    }

    pub(crate) const fn highest(self) -> u32 {
        self.max
    }
}

/// The settings of a bulkhead.
///
/// No setter panics: a value out of range is replaced by the nearest one in range. (`#[bulkhead]`
/// refuses such values at compile time.)
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::bulkhead::BulkheadPolicy;
///
/// const POLICY: BulkheadPolicy = BulkheadPolicy::new()
///     .max(16)
///     .queue(64)
///     .wait(Duration::from_millis(100));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct BulkheadPolicy {
    pub(crate) max: u32,
    adaptive: Option<AdaptiveLimit>,
    pub(crate) queue: u32,
    pub(crate) wait: Option<Duration>,
    max_keys: u32,
}

impl Default for BulkheadPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl BulkheadPolicy {
    /// Creates the default settings: 16 calls at once, and none that waits.
    pub const fn new() -> Self {
        Self {
            max: 16,
            adaptive: None,
            queue: 0,
            wait: None,
            max_keys: 10_000,
        }
    }

    /// Sets the number of calls inside at once, 1 to 65 535; it takes the place of
    /// [`adaptive`](Self::adaptive). Default: 16.
    pub const fn max(mut self, count: u32) -> Self {
        self.max = clamp(count, 1, MOST);
        self.adaptive = None;
        self
    }

    /// Lets the limit be learned from the latency and the outcomes of the calls, within `bounds`; it
    /// takes the place of [`max`](Self::max).
    pub const fn adaptive(mut self, bounds: AdaptiveLimit) -> Self {
        self.adaptive = Some(bounds);
        self
    }

    /// Sets how many calls may wait for a place, first come, first served. Default: 0, a call is
    /// refused at once.
    pub const fn queue(mut self, count: u32) -> Self {
        self.queue = count;
        self
    }

    /// Sets the longest time that a call waits, at least 1 ns. Default: to the deadline in force,
    /// which bounds it in any case; without one, until it gets a place.
    pub const fn wait(mut self, time: Duration) -> Self {
        self.wait = Some(time);
        self
    }

    /// Sets how many keys can have a bulkhead at the same time; at least 1. Beyond it, a new key
    /// takes the place of a bulkhead that nobody is in and nobody waits for. If there is none, new
    /// keys share one overflow bulkhead. Default: 10 000.
    pub const fn max_keys(mut self, count: u32) -> Self {
        self.max_keys = clamp(count, 1, u32::MAX);
        self
    }

    /// Returns the lowest, the first and the highest limit, where it is learned.
    #[cfg(feature = "catalog")]
    pub(crate) fn bounds(&self) -> Option<(u32, u32, u32)> {
        let bounds = self.adaptive?.ordered();
        Some((bounds.lowest(), bounds.first(), bounds.highest()))
    }

    /// Returns the limit, or the bounds of one that is learned.
    #[cfg(feature = "settings")]
    pub(crate) const fn limit(&self) -> (u32, Option<AdaptiveLimit>) {
        (self.max, self.adaptive)
    }

    /// Returns the bound on keys.
    #[cfg(feature = "settings")]
    pub(crate) const fn keys(&self) -> u32 {
        self.max_keys
    }

    /// Returns the rules, with all defaults filled in.
    pub(super) const fn rules(&self) -> Rules {
        let (first, adaptive) = match self.adaptive {
            Some(bounds) => {
                let bounds = bounds.ordered();
                (bounds.start, Some(bounds))
            }
            None => (self.max, None),
        };
        Rules {
            first,
            adaptive,
            queue: self.queue,
            wait: match self.wait {
                Some(time) => Some(match clock::nanos(time) {
                    0 => 1,
                    nanos => nanos,
                }),
                None => None,
            },
            max_keys: self.max_keys,
        }
    }
}

/// The settings in the units of the bulkhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The limit to begin with.
    pub(super) first: u32,
    pub(super) adaptive: Option<AdaptiveLimit>,
    pub(super) queue: u32,
    /// The longest time that a call waits, in nanoseconds.
    pub(super) wait: Option<u64>,
    pub(super) max_keys: u32,
}

/// Returns the nearest number from `least` to `most`.
const fn clamp(count: u32, least: u32, most: u32) -> u32 {
    if count < least {
        least
    } else if count > most {
        most
    } else {
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_language() {
        let rules = BulkheadPolicy::new().rules();
        assert_eq!((rules.first, rules.adaptive), (16, None));
        assert_eq!((rules.queue, rules.wait, rules.max_keys), (0, None, 10_000));
        let bounds = AdaptiveLimit::new();
        assert_eq!((bounds.min, bounds.start, bounds.max), (1, 16, 1_000));
    }

    #[test]
    fn silly_values_are_clamped() {
        let rules = BulkheadPolicy::new()
            .max(0)
            .wait(Duration::ZERO)
            .max_keys(0)
            .rules();
        assert_eq!((rules.first, rules.wait, rules.max_keys), (1, Some(1), 1));
        assert_eq!(BulkheadPolicy::new().max(u32::MAX).rules().first, MOST);
        let bounds = |a: AdaptiveLimit| BulkheadPolicy::new().adaptive(a).rules().adaptive;
        let all = AdaptiveLimit::new().min(50).start(7).max(20);
        let all = bounds(all).unwrap();
        assert_eq!((all.min, all.start, all.max), (50, 50, 50));
        let all = bounds(AdaptiveLimit::new().min(0).start(u32::MAX).max(0)).unwrap();
        assert_eq!((all.min, all.start, all.max), (1, 1, 1));
    }

    #[test]
    fn the_later_one_of_max_and_adaptive_holds() {
        let adaptive = AdaptiveLimit::new().start(4);
        let rules = BulkheadPolicy::new().adaptive(adaptive).max(9).rules();
        assert_eq!((rules.first, rules.adaptive), (9, None));
        let rules = BulkheadPolicy::new().max(9).adaptive(adaptive).rules();
        assert_eq!((rules.first, rules.adaptive), (4, Some(adaptive)));
    }
}
