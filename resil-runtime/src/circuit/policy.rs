//! The settings of a breaker: a const builder, what `#[circuit(..)]` expands to, and the rules that
//! come of it once all defaults are filled in.

use std::time::Duration;

/// What a failure rate is a rate of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// The last so many calls, exactly: 1 to 10 000.
    Calls(u32),
    /// The last so much time, at least 100 ms. It is kept in ten buckets: an outcome leaves between
    /// 0.9 and 1 window after it came.
    Time(Duration),
}

impl Window {
    /// Whether it is one that a breaker can keep: `#[circuit]` asks at compile time.
    #[doc(hidden)]
    pub const fn is_in_range(self) -> bool {
        match self {
            Self::Calls(calls) => 1 <= calls && calls <= 10_000,
            Self::Time(time) => time.as_millis() >= 100,
        }
    }
}

/// A window of whatever type a const of the user's has: generated code does not know it.
///
/// ```
/// # use resil_runtime::circuit::{Window, WindowOf};
/// const CALLS: u32 = 50;
/// assert_eq!(WindowOf(CALLS).window(), Window::Calls(50));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WindowOf<T>(pub T);

impl WindowOf<u32> {
    /// A window of so many calls.
    pub const fn window(self) -> Window {
        Window::Calls(self.0)
    }
}

impl WindowOf<Duration> {
    /// A window of so much time.
    pub const fn window(self) -> Window {
        Window::Time(self.0)
    }
}

/// The settings of a circuit breaker.
///
/// No setter panics: a value out of range is taken as the nearest one in it. (`#[circuit]` refuses
/// such values at compile time.)
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
    failures: Option<u32>,
    failure_rate: Option<f64>,
    window: Window,
    min_calls: Option<u32>,
    open_for: Duration,
    open_max: Option<Duration>,
    probes: u32,
}

impl Default for CircuitPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl CircuitPolicy {
    /// Trips after five failures in a row, refuses for 30 s (up to 20 % more at random, doubling
    /// with each failed probe up to 300 s), and closes on the success of one probe.
    pub const fn new() -> Self {
        Self {
            failures: None,
            failure_rate: None,
            window: Window::Calls(100),
            min_calls: None,
            open_for: Duration::from_secs(30),
            open_max: None,
            probes: 1,
        }
    }

    /// Trips after so many failures in a row, 1 to 65 535. Default: 5 if no other rule is given,
    /// else no such rule.
    pub const fn failures(mut self, count: u32) -> Self {
        self.failures = Some(clamp(count, 1, 65_535));
        self
    }

    /// Trips when failures / calls in the window reach this ratio (≥), above 0 and up to 1. NaN is
    /// taken as 1, and 0 or less as the least ratio there is: one failure reaches it.
    /// Default: no such rule.
    pub const fn failure_rate(mut self, ratio: f64) -> Self {
        self.failure_rate = Some(if ratio <= 0.0 {
            f64::MIN_POSITIVE
        } else if ratio <= 1.0 {
            ratio
        } else {
            1.0
        });
        self
    }

    /// What the rate is a rate of. Default: the last 100 calls.
    pub const fn window(mut self, window: Window) -> Self {
        self.window = match window {
            Window::Calls(n) => Window::Calls(clamp(n, 1, 10_000)),
            Window::Time(d) => Window::Time(Duration::from_millis(millis(d, 100))),
        };
        self
    }

    /// Below so many calls in the window no rate trips; at least 1, and not above a window that
    /// counts calls. Default: the window if it counts calls, else 20.
    pub const fn min_calls(mut self, count: u32) -> Self {
        self.min_calls = Some(if count == 0 { 1 } else { count });
        self
    }

    /// How long it refuses, plus up to 20 % at random: those who share a fault should not all probe
    /// at once. At least 1 ms, in whole milliseconds. Default: 30 s.
    pub const fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }

    /// Each opening that follows a failed probe doubles the time, up to this (to which the jitter
    /// comes too); a closing resets it. What is below `open_for` is taken as that: no growth.
    /// Default: ten times `open_for`.
    pub const fn open_max(mut self, time: Duration) -> Self {
        self.open_max = Some(time);
        self
    }

    /// Half-open: so many calls are let in, 1 to 255; one failure opens it again, so many successes
    /// close it. Default: 1.
    pub const fn probes(mut self, count: u32) -> Self {
        self.probes = clamp(count, 1, 255);
        self
    }

    /// The rules, with all defaults filled in.
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
        Rules {
            failures: match (self.failures, self.failure_rate) {
                (Some(n), _) => n,
                (None, None) => 5,
                (None, Some(_)) => 0,
            },
            rate: match self.failure_rate {
                Some(ratio) => Some(Rate {
                    ratio,
                    min_calls,
                    window,
                }),
                None => None,
            },
            open_for,
            open_max,
            probes: self.probes,
        }
    }
}

/// The rules of a breaker. Two policies that come to the same rules are the same: writing a default
/// out is no difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    /// Trips after so many in a row; 0: no such rule.
    pub(crate) failures: u32,
    pub(crate) rate: Option<Rate>,
    /// In ms.
    pub(crate) open_for: u64,
    /// In ms, not less than `open_for`.
    pub(crate) open_max: u64,
    pub(crate) probes: u32,
}

/// The rule on failures / calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) ratio: f64,
    pub(crate) min_calls: u32,
    pub(crate) window: Span,
}

/// A window in the units of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Calls(u32),
    Millis(u64),
}

impl Rate {
    /// Whether so many failures of so many calls trip the breaker.
    ///
    /// Divided, not multiplied: 7 / 100 is the very `f64` that `0.07` is read as, while
    /// 0.07 · 100 is more than 7.
    pub(crate) fn reached(&self, failures: u64, calls: u64) -> bool {
        failures != 0
            && calls >= u64::from(self.min_calls)
            && failures as f64 / calls as f64 >= self.ratio
    }
}

impl Rules {
    /// How long an opening lasts that follows `growth` failed probes, in ms, without jitter.
    pub(crate) fn open_time(&self, growth: u32) -> u64 {
        let factor = 1_u64.checked_shl(growth).unwrap_or(u64::MAX);
        self.open_for.saturating_mul(factor).min(self.open_max)
    }

    /// No opening is longer, jitter included.
    pub(crate) fn open_longest(&self) -> u64 {
        self.open_max.saturating_add(self.open_max / JITTER)
    }

    /// Grants are dated in units of 2 to the power of this many ms: 1 ms up to an `open_for` of
    /// 70 minutes, and above that fine enough for one part in two million.
    pub(crate) fn grant_shift(&self) -> u32 {
        (u64::BITS - self.open_for.leading_zeros()).saturating_sub(22)
    }
}

/// The jitter on top of an opening is at most one part in so many: 20 %.
pub(crate) const JITTER: u64 = 5;

const fn clamp(n: u32, least: u32, most: u32) -> u32 {
    if n < least {
        least
    } else if n > most {
        most
    } else {
        n
    }
}

/// Ten years in ms: no time is taken as longer, so that sums of them stay numbers.
const fn longest(ms: u64) -> u64 {
    const TEN_YEARS: u64 = 10 * 365 * 86_400_000;
    if ms > TEN_YEARS { TEN_YEARS } else { ms }
}

/// `d` in ms, rounded up, at least `least` and at most ten years.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number above u64 is far above ten years"
)]
const fn millis(d: Duration, least: u64) -> u64 {
    let ms = d.as_nanos().div_ceil(1_000_000);
    let ms = longest(if ms > u64::MAX as u128 {
        u64::MAX
    } else {
        ms as u64
    });
    if ms < least { least } else { ms }
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
            assert!((rate.ratio - taken).abs() < f64::EPSILON);
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
    fn a_ratio_is_reached_exactly() {
        for calls in 1..=200_u32 {
            for failures in 1..=calls {
                let ratio = f64::from(failures) / f64::from(calls);
                let rate = CircuitPolicy::new()
                    .failure_rate(ratio)
                    .min_calls(1)
                    .rules()
                    .rate
                    .unwrap();
                let at = |f: u32| rate.reached(u64::from(f), u64::from(calls));
                assert!(at(failures));
                assert!(!at(failures - 1));
            }
        }
        let seven = CircuitPolicy::new()
            .failure_rate(0.07)
            .rules()
            .rate
            .unwrap();
        assert!(seven.reached(7, 100));
    }

    #[test]
    fn an_opening_doubles_up_to_its_bound() {
        let r = CircuitPolicy::new().open_for(secs(1)).rules();
        let times: Vec<_> = (0..6).map(|g| r.open_time(g)).collect();
        assert_eq!(times, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!(r.open_longest(), 12_000);
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
