//! The settings of a rate limit: the const builder that `#[rate_limit(..)]` expands to.

use std::time::Duration;

use super::settings::{OnOutage, RateLimitSettings};

/// The settings of a rate limit.
///
/// No setter panics: a value out of range is replaced by the nearest one in range. (`#[rate_limit]`
/// refuses such values at compile time.)
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::rate_limit::RateLimitPolicy;
///
/// const POLICY: RateLimitPolicy = RateLimitPolicy::new()
///     .max(100)
///     .per(Duration::from_secs(1))
///     .burst(20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct RateLimitPolicy {
    pub(crate) max: Option<u32>,
    per: Duration,
    burst: Option<u32>,
    pub(crate) wait: Option<Duration>,
    max_keys: u32,
    on_outage: OnOutage,
}

impl Default for RateLimitPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RateLimitPolicy {
    /// Creates settings without a limit: [`max`](Self::max) sets one.
    pub const fn new() -> Self {
        Self {
            max: None,
            per: Duration::from_secs(1),
            burst: None,
            wait: None,
            max_keys: 10_000,
            on_outage: OnOutage::Local,
        }
    }

    /// Lets at most this many calls in [`per`](Self::per) so much time, evenly; at least 1. Default: no
    /// limit.
    pub const fn max(mut self, calls: u32) -> Self {
        self.max = Some(at_least_one(calls));
        self
    }

    /// Sets the time in which [`max`](Self::max) calls are let in; from 1 ns up to about 30 years.
    /// Default: 1 s.
    pub const fn per(mut self, time: Duration) -> Self {
        self.per = time;
        self
    }

    /// Sets how many calls may come at once after a pause; at least 1. Default: `max`.
    ///
    /// A burst that takes more than about 70 years to come back is shortened.
    pub const fn burst(mut self, calls: u32) -> Self {
        self.burst = Some(at_least_one(calls));
        self
    }

    /// Lets a call that is too early wait for its turn, at most this long. Default: such a call is
    /// refused at once.
    pub const fn wait(mut self, time: Duration) -> Self {
        self.wait = Some(time);
        self
    }

    /// Sets how many keys can have a rate limit at the same time; at least 1. Beyond it, a new key takes
    /// the place of one whose burst is whole again. If there is none, new keys share one rate limit.
    /// Default: 10 000.
    pub const fn max_keys(mut self, count: u32) -> Self {
        self.max_keys = at_least_one(count);
        self
    }

    /// Sets what happens while the store does not answer that the calls are counted in. It is of use
    /// where the attribute gives a `store`. Default: [`OnOutage::Local`].
    pub const fn on_outage(mut self, what: OnOutage) -> Self {
        self.on_outage = what;
        self
    }

    /// Returns the settings with all defaults filled in; `None` where nothing is limited.
    pub fn settings(&self) -> Option<RateLimitSettings> {
        let max = self.max?;
        Some(RateLimitSettings {
            max,
            per: self.per.max(Duration::from_nanos(1)),
            burst: self.burst.unwrap_or(max),
            wait: self.wait,
            max_keys: self.max_keys,
            on_outage: self.on_outage,
        })
    }

    /// Returns the bound on keys.
    pub(super) fn keys(&self) -> u32 {
        self.max_keys
    }
}

const fn at_least_one(count: u32) -> u32 {
    if count == 0 { 1 } else { count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_language() {
        assert_eq!(RateLimitPolicy::new().settings(), None);
        assert_eq!(RateLimitPolicy::default(), RateLimitPolicy::new());
        let set = RateLimitPolicy::new().max(7).settings().unwrap();
        assert_eq!(
            (set.max, set.burst, set.wait, set.max_keys),
            (7, 7, None, 10_000)
        );
        assert_eq!(set.per, Duration::from_secs(1));
    }

    #[test]
    fn silly_values_are_clamped() {
        let policy = RateLimitPolicy::new().max(0).burst(0).max_keys(0);
        let set = policy.per(Duration::ZERO).settings().unwrap();
        assert_eq!((set.max, set.burst, set.max_keys), (1, 1, 1));
        assert_eq!(set.per, Duration::from_nanos(1));
    }

    #[test]
    fn a_written_out_default_is_no_difference() {
        let plain = RateLimitPolicy::new().max(7);
        let written = plain.burst(7).per(Duration::from_secs(1)).max_keys(10_000);
        assert_ne!(plain, written);
        assert_eq!(plain.settings(), written.settings());
    }
}
