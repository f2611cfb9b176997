//! The rules of a breaker: a policy with all defaults filled in, in the units of the state machine.

use std::time::Duration;

/// The rules of a breaker. Two policies with the same rules do not conflict: it makes no difference
/// whether a default is written out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    /// The number of failures in a row that opens the breaker; 0: no such rule.
    pub(crate) failures: u32,
    pub(crate) rate: Option<Rate>,
    /// A call that takes this many nanoseconds is slow; 0: no call is timed.
    pub(crate) slow_after: u64,
    /// The open time before it has grown, in milliseconds.
    pub(crate) open_for: u64,
    /// The longest open time, in milliseconds, without jitter; not less than `open_for`.
    pub(crate) open_max: u64,
    /// The longest open time, in milliseconds, jitter included.
    pub(crate) open_longest: u64,
    pub(crate) probes: u32,
    pub(crate) max_keys: u32,
}

/// The rules on failures / calls and slow / calls; at least one of them is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) failed: Option<f64>,
    pub(crate) slow: Option<f64>,
    pub(crate) min_calls: u32,
    pub(crate) window: Span,
}

/// The size of a window, in the units of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Calls(u32),
    Millis(u64),
}

impl Rate {
    /// Returns whether these counts open the breaker.
    ///
    /// The counts are divided, not the ratio multiplied: 7 / 100 is the very `f64` that `0.07` is
    /// parsed as, while 0.07 · 100 is more than 7.
    pub(crate) fn reached(&self, failures: u64, slow: u64, calls: u64) -> bool {
        let reaches = |n: u64, ratio: Option<f64>| {
            n != 0 && ratio.is_some_and(|ratio| n as f64 / calls as f64 >= ratio)
        };
        calls >= u64::from(self.min_calls)
            && (reaches(failures, self.failed) || reaches(slow, self.slow))
    }
}

impl Rules {
    /// Returns the open time after `growth` failed probes, in milliseconds, without jitter.
    pub(crate) fn open_time(&self, growth: u32) -> u64 {
        let factor = 1_u64.checked_shl(growth).unwrap_or(u64::MAX);
        self.open_for.saturating_mul(factor).min(self.open_max)
    }
}

/// The jitter on top of an open time is at most one part in this many: 20 %.
pub(crate) const JITTER: u64 = 5;

/// Returns the longest open time, jitter included, where it is `open_max` without.
pub(super) const fn with_jitter(open_max: u64) -> u64 {
    open_max.saturating_add(open_max / JITTER)
}

pub(super) const fn clamp(n: u32, least: u32, most: u32) -> u32 {
    if n < least {
        least
    } else if n > most {
        most
    } else {
        n
    }
}

/// Returns `ms`, at most ten years, so that sums of such times do not overflow.
pub(super) const fn longest(ms: u64) -> u64 {
    const TEN_YEARS: u64 = 10 * 365 * 86_400_000;
    if ms > TEN_YEARS { TEN_YEARS } else { ms }
}

/// Returns `d` in milliseconds, rounded up, at least `least` and at most ten years.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number above u64 is far above ten years"
)]
pub(super) const fn millis(d: Duration, least: u64) -> u64 {
    let ms = d.as_nanos().div_ceil(1_000_000);
    let ms = longest(if ms > u64::MAX as u128 {
        u64::MAX
    } else {
        ms as u64
    });
    if ms < least { least } else { ms }
}

/// Returns `d` in nanoseconds, at least one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "compared with the largest number before"
)]
pub(super) const fn nanos(d: Duration) -> u64 {
    let ns = d.as_nanos();
    if ns == 0 {
        1
    } else if ns > u64::MAX as u128 {
        u64::MAX
    } else {
        ns as u64
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::{prop_assert, prop_assert_eq};

    use super::super::policy::{CircuitPolicy, Window};
    use super::*;
    use crate::circuit::CircuitState;
    use crate::circuit::breaker::BreakerCore;
    use crate::circuit::verdict::CircuitVerdict;
    use crate::clock;
    use crate::extremes::{cases, counts, durations, floats};

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
                let at = |f: u32| rate.reached(u64::from(f), 0, u64::from(calls));
                assert!(at(failures));
                assert!(!at(failures - 1));
            }
        }
        let seven = CircuitPolicy::new()
            .failure_rate(0.07)
            .rules()
            .rate
            .unwrap();
        assert!(seven.reached(7, 0, 100));
    }

    #[test]
    fn an_opening_doubles_up_to_its_bound() {
        let r = CircuitPolicy::new()
            .open_for(Duration::from_secs(1))
            .rules();
        let times: Vec<_> = (0..6).map(|g| r.open_time(g)).collect();
        assert_eq!(times, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!(r.open_longest, 12_000);
    }

    #[test]
    fn either_rate_trips_and_neither_before_min_calls() {
        let policy = CircuitPolicy::new()
            .slow(Duration::from_secs(1))
            .min_calls(4);
        let both = policy
            .failure_rate(0.5)
            .slow_rate(0.75)
            .rules()
            .rate
            .unwrap();
        assert!(!both.reached(3, 3, 3));
        assert!(both.reached(2, 0, 4) && both.reached(0, 3, 4));
        assert!(!both.reached(1, 2, 4));
        let slow = policy.slow_rate(0.75).rules().rate.unwrap();
        assert!(!slow.reached(4, 2, 4) && slow.reached(0, 3, 4));
    }

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    fn now() -> u64 {
        NOW.get()
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        /// Whatever is set, and however long: it opens, refuses for its time, and can be closed.
        #[test]
        fn settings_of_any_size_make_a_breaker(
            (open_for, open_max, slow, time) in (durations(), durations(), durations(), durations()),
            (failures, min_calls, probes, calls, growth) in
                (counts(), counts(), counts(), counts(), counts()),
            (rate, slow_rate, by_time) in (floats(), floats(), proptest::bool::ANY),
        ) {
            let window = if by_time { Window::Time(time) } else { Window::Calls(calls) };
            let policy = CircuitPolicy::new()
                .failures(failures.min(100))
                .failure_rate(rate)
                .window(window)
                .min_calls(min_calls)
                .slow(slow)
                .slow_rate(slow_rate)
                .open_for(open_for)
                .open_max(open_max)
                .probes(probes);
            let rules = policy.rules();
            prop_assert!(1 <= rules.open_for && rules.open_for <= rules.open_max);
            prop_assert!(rules.open_time(0) <= rules.open_time(growth));
            prop_assert!(rules.open_time(growth) <= rules.open_longest);
            let failed = rules.rate.and_then(|r| r.failed);
            prop_assert!(failed.is_some_and(|r| 0.0 < r && r <= 1.0), "{failed:?}");

            NOW.set(clock::ORIGIN_MS);
            let core = BreakerCore::new("any");
            core.adopt(&policy, "any", now).unwrap();
            for _ in 0..rules.failures {
                let Ok(stamp) = core.admit(now) else { break };
                core.record(stamp, CircuitVerdict::Failure, now);
            }
            prop_assert_eq!(core.state(), CircuitState::Open);
            let left = core.admit(now).unwrap_err();
            prop_assert!(left.is_some_and(|ms| ms <= rules.open_longest), "{left:?}");
            NOW.set(clock::ORIGIN_MS + rules.open_longest);
            for _ in 0..rules.probes {
                let probe = core.admit(now).unwrap();
                core.record(probe, CircuitVerdict::Success, now);
            }
            prop_assert_eq!(core.state(), CircuitState::Closed);
        }
    }
}
