//! The settings of a breaker: the const builder that `#[circuit(..)]` expands to.

use std::time::Duration;

use super::rules::{Rate, Rules, Span, clamp, longest, millis, nanos, with_jitter};

/// The calls over which the failure rate and the slow rate are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// The last calls, exactly this many: 1 to 10 000.
    Calls(u32),
    /// The calls of this last span of time, at least 100 ms. They are counted in ten buckets, so an
    /// outcome leaves the window between 0.9 and 1 span after it came.
    Time(Duration),
}

impl Window {
    /// Returns whether the value is in range; `#[circuit]` asks at compile time.
    #[doc(hidden)]
    pub const fn is_in_range(self) -> bool {
        match self {
            Self::Calls(calls) => 1 <= calls && calls <= 10_000,
            Self::Time(time) => time.as_millis() >= 100,
        }
    }
}

/// A window from a constant of the user's, whose type generated code does not know: a `u32` is a
/// number of calls, a [`Duration`] a span of time.
#[derive(Debug, Clone, Copy)]
pub struct WindowOf<T>(pub T);

impl WindowOf<u32> {
    /// Returns a window of that many calls.
    pub const fn window(self) -> Window {
        Window::Calls(self.0)
    }
}

impl WindowOf<Duration> {
    /// Returns a window of that span of time.
    pub const fn window(self) -> Window {
        Window::Time(self.0)
    }
}

/// The settings of a circuit breaker.
///
/// No setter panics: a value out of range is replaced by the nearest one in range. (`#[circuit]`
/// refuses such values at compile time.)
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::circuit::{CircuitPolicy, Window};
///
/// const POLICY: CircuitPolicy = CircuitPolicy::new()
///     .failure_rate(0.5)
///     .window(Window::Calls(20))
///     .open_for(Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct CircuitPolicy {
    pub(crate) failures: Option<u32>,
    pub(crate) failure_rate: Option<f64>,
    pub(crate) window: Window,
    pub(crate) min_calls: Option<u32>,
    pub(crate) slow: Option<Duration>,
    pub(crate) slow_rate: Option<f64>,
    pub(crate) open_for: Duration,
    pub(crate) open_max: Option<Duration>,
    pub(crate) probes: u32,
    max_keys: u32,
}

impl Default for CircuitPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// The default settings, for generated code: compiled once, and not for each annotated function.
pub const DEFAULT_CIRCUIT: Option<&CircuitPolicy> = Some(&CircuitPolicy::new());

impl CircuitPolicy {
    /// Creates the default settings: the breaker opens after five failures in a row, refuses calls
    /// for 30 s (up to 20 % more at random, doubling with each failed probe up to 300 s), and
    /// closes when one probe succeeds.
    pub const fn new() -> Self {
        Self {
            failures: None,
            failure_rate: None,
            window: Window::Calls(100),
            min_calls: None,
            slow: None,
            slow_rate: None,
            open_for: Duration::from_secs(30),
            open_max: None,
            probes: 1,
            max_keys: 10_000,
        }
    }

    /// Opens the breaker after this many failures in a row, 1 to 65 535. Default: 5 if no other
    /// rule is given, otherwise no such rule.
    ///
    /// Failures never age: if nothing succeeds in between, five failures in five days are five in a
    /// row. For a function that is rarely called, a rate over a span of time is the better rule:
    /// `failure_rate(1.0)`, `window(Window::Time(ten minutes))` and `min_calls(3)`.
    pub const fn failures(mut self, count: u32) -> Self {
        self.failures = Some(clamp(count, 1, 65_535));
        self
    }

    /// Opens the breaker when failures / calls in the window reach this ratio (≥), above 0 and up
    /// to 1. NaN is replaced by 1, and 0 or less by the least positive number: one failure reaches
    /// it. Default: no such rule.
    pub const fn failure_rate(mut self, ratio: f64) -> Self {
        self.failure_rate = Some(ratio_of(ratio));
        self
    }

    /// Sets the calls over which the rates are computed. Default: the last 100 calls.
    pub const fn window(mut self, window: Window) -> Self {
        self.window = match window {
            Window::Calls(n) => Window::Calls(clamp(n, 1, 10_000)),
            Window::Time(d) => Window::Time(Duration::from_millis(millis(d, 100))),
        };
        self
    }

    /// Sets how many calls have to be in the window before a rate can open the breaker; at least 1,
    /// and at most the size of a window that counts calls. Default: that size, or 20 for a window
    /// of time.
    pub const fn min_calls(mut self, count: u32) -> Self {
        self.min_calls = Some(if count == 0 { 1 } else { count });
        self
    }

    /// Counts a call as slow if it takes at least this long, whatever its outcome; at least 1 ns.
    /// The waits of a `#[retry]` below in the same stack are left out. The breaker opens when slow
    /// / calls in the window reach [`slow_rate`](Self::slow_rate). With this rule every call that
    /// is let in while closed is timed. Default: no such rule.
    ///
    /// Probes are not timed: while half-open, one failure opens the breaker again, and a slow
    /// success is no failure. (Slowness is judged by the share among many calls, and the first call
    /// after an outage meets cold caches. If calls stay slow, the closed breaker notices by this
    /// rule.)
    pub const fn slow(mut self, time: Duration) -> Self {
        self.slow = Some(time);
        self
    }

    /// Sets the ratio of slow / calls in the window that opens the breaker (≥), above 0 and up to
    /// 1, as for [`failure_rate`](Self::failure_rate). Without [`slow`](Self::slow) no call is
    /// slow. Default: 1.
    pub const fn slow_rate(mut self, ratio: f64) -> Self {
        self.slow_rate = Some(ratio_of(ratio));
        self
    }

    /// Sets the open time: how long calls are refused, plus up to 20 % at random, so that the
    /// clients of one failing service do not all probe at once. At least 1 ms, in whole
    /// milliseconds. Default: 30 s.
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// Sets the longest open time. Each failed probe doubles the open time up to this, to which the
    /// jitter is added too; closing resets it. A value below `open_for` is replaced by `open_for`:
    /// no growth. Default: ten times `open_for`.
    pub const fn open_max(mut self, time: Duration) -> Self {
        self.open_max = Some(time);
        self
    }

    /// Sets how many probes are let in while half-open, 1 to 255. One failure opens the breaker
    /// again; this many successes close it. Default: 1.
    pub const fn probes(mut self, count: u32) -> Self {
        self.probes = clamp(count, 1, 255);
        self
    }

    /// Sets how many keys can have a breaker at the same time; at least 1. Beyond it, a new key
    /// takes the place of an idle breaker: a closed one first, otherwise an open one whose open
    /// time is over. If there is none, new keys share one overflow breaker. Default: 10 000.
    pub const fn max_keys(mut self, count: u32) -> Self {
        self.max_keys = clamp(count, 1, u32::MAX);
        self
    }

    /// Returns the rules, with all defaults filled in.
    pub(crate) const fn rules(&self) -> Rules {
        let open_for = millis(self.open_for, 1);
        let open_max = match self.open_max {
            Some(max) => millis(max, open_for),
            None => longest(open_for.saturating_mul(10)),
        };
        let (window, all) = match self.window {
            Window::Calls(n) => (Span::Calls(n), Some(n)),
            Window::Time(d) => (Span::Millis(millis(d, 100)), None),
        };
        let min_calls = match (self.min_calls, all) {
            (Some(least), Some(all)) if least > all => all,
            (Some(least), _) => least,
            (None, Some(all)) => all,
            (None, None) => 20,
        };
        let slow_ratio = match (self.slow, self.slow_rate) {
            (None, _) => None,
            (Some(_), None) => Some(1.0),
            (Some(_), ratio) => ratio,
        };
        let by_rate = self.failure_rate.is_some() || slow_ratio.is_some();
        Rules {
            failures: match self.failures {
                Some(n) => n,
                None if by_rate => 0,
                None => 5,
            },
            rate: if by_rate {
                Some(Rate {
                    failed: self.failure_rate,
                    slow: slow_ratio,
                    min_calls,
                    window,
                })
            } else {
                None
            },
            slow_after: match self.slow {
                Some(time) => nanos(time),
                None => 0,
            },
            open_for,
            open_max,
            open_longest: with_jitter(open_max),
            probes: self.probes,
            max_keys: self.max_keys,
        }
    }
}

/// Returns the nearest ratio above 0 and up to 1.
const fn ratio_of(ratio: f64) -> f64 {
    if ratio <= 0.0 {
        f64::MIN_POSITIVE
    } else if ratio <= 1.0 {
        ratio
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn defaults_are_those_of_the_language() {
        let r = CircuitPolicy::new().rules();
        assert_eq!((r.failures, r.rate, r.probes), (5, None, 1));
        assert_eq!((r.open_for, r.open_max), (30_000, 300_000));
    }

    #[test]
    fn five_in_a_row_is_the_rule_only_where_no_other_is() {
        let r = CircuitPolicy::new().failure_rate(0.5).rules();
        assert_eq!(r.failures, 0);
        let rate = r.rate.unwrap();
        assert_eq!((rate.window, rate.min_calls), (Span::Calls(100), 100));
        let r = CircuitPolicy::new().failure_rate(0.5).failures(3).rules();
        assert_eq!(r.failures, 3);
        assert!(r.rate.is_some());
    }

    #[test]
    fn slow_calls_are_a_trip_rule_of_their_own() {
        let r = CircuitPolicy::new().slow(secs(2)).rules();
        let rate = r.rate.unwrap();
        assert_eq!((r.failures, r.slow_after), (0, 2_000_000_000));
        assert_eq!((rate.failed, rate.slow), (None, Some(1.0)));
        let r = CircuitPolicy::new().slow_rate(0.5).rules();
        assert_eq!((r.failures, r.rate, r.slow_after), (5, None, 0));
        let r = CircuitPolicy::new().slow(Duration::ZERO).slow_rate(0.5);
        assert_eq!(r.rules().slow_after, 1);
        assert_eq!(r.rules().rate.unwrap().slow, Some(0.5));
    }

    #[test]
    fn min_calls_is_the_counted_window_or_twenty() {
        let p = CircuitPolicy::new().failure_rate(0.5);
        let least = |p: CircuitPolicy| p.rules().rate.unwrap().min_calls;
        assert_eq!(least(p.window(Window::Calls(7))), 7);
        assert_eq!(least(p.window(Window::Time(secs(10)))), 20);
        assert_eq!(least(p.window(Window::Calls(7)).min_calls(3)), 3);
        assert_eq!(least(p.window(Window::Calls(7)).min_calls(8)), 7);
    }

    #[test]
    fn silly_values_are_clamped() {
        let p = CircuitPolicy::new()
            .failures(0)
            .probes(0)
            .open_for(Duration::ZERO)
            .open_max(Duration::ZERO);
        let r = p.rules();
        assert_eq!((r.failures, r.probes, r.open_for, r.open_max), (1, 1, 1, 1));
        let r = p
            .failures(u32::MAX)
            .probes(u32::MAX)
            .open_for(Duration::MAX)
            .rules();
        assert_eq!((r.failures, r.probes), (65_535, 255));
        assert_eq!(r.open_max, r.open_for);
        assert_eq!(r.open_time(31), r.open_for);
        for (given, taken) in [(f64::NAN, 1.0), (2.0, 1.0), (-1.0, f64::MIN_POSITIVE)] {
            let rate = CircuitPolicy::new()
                .failure_rate(given)
                .rules()
                .rate
                .unwrap();
            assert!((rate.failed.unwrap() - taken).abs() < f64::EPSILON);
        }
        let w = |w| {
            CircuitPolicy::new()
                .failure_rate(0.5)
                .window(w)
                .rules()
                .rate
                .unwrap()
                .window
        };
        assert_eq!(w(Window::Calls(0)), Span::Calls(1));
        assert_eq!(w(Window::Calls(1_000_000)), Span::Calls(10_000));
        assert_eq!(w(Window::Time(Duration::ZERO)), Span::Millis(100));
    }

    #[test]
    fn a_window_of_a_constant_is_of_calls_or_of_time() {
        const CALLS: u32 = 50;
        assert_eq!(WindowOf(CALLS).window(), Window::Calls(50));
        assert_eq!(WindowOf(secs(5)).window(), Window::Time(secs(5)));
    }

    #[test]
    fn a_written_out_default_is_no_difference() {
        let plain = CircuitPolicy::new();
        let written = plain
            .failures(5)
            .probes(1)
            .open_max(secs(300))
            .window(Window::Calls(100));
        assert_ne!(plain, written);
        assert_eq!(plain.rules(), written.rules());
    }
}
