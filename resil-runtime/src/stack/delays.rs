//! The shortest delays of a retry, for the rule that every attempt can start.
//!
//! They are those of the retry itself; that arithmetic is not `const`, and a test holds the two together.

use std::time::Duration;

use crate::retry::{Jitter, RetryPolicy, Strategy};

/// The attempt that its own delays keep from starting before a limit.
pub(super) struct Never {
    pub(super) attempt: u32,
    /// The delays before it, at their shortest.
    pub(super) sum: Duration,
    /// The first of them.
    pub(super) terms: [Duration; SHOWN],
}

/// The number of delays that are shown: nobody reads a longer sum.
pub(super) const SHOWN: usize = 5;

/// Returns the first attempt that can't start within `around`, by the shortest delays that the jitter
/// allows.
pub(super) const fn first_that_never_starts(
    policy: &RetryPolicy,
    around: Duration,
) -> Option<Never> {
    /// The number of attempts that are examined: nobody means more of them.
    const EXAMINED: u32 = 10_000;

    let Some(max) = policy.max else { return None };
    let share = match policy.jitter {
        Some(Jitter::None) => 1.0,
        Some(Jitter::Equal) => 0.5,
        Some(Jitter::Ratio(ratio)) => 1.0 - ratio_of(ratio),
        None | Some(Jitter::Decorrelated) if matches!(policy.strategy, Strategy::Delays(_)) => 1.0,
        // The delays may be zero.
        None | Some(Jitter::Full | Jitter::Decorrelated) => return None,
    };
    let mut delays = Delays::START;
    let (mut sum, mut n) = (0_u128, 1);
    let mut terms = [Duration::ZERO; SHOWN];
    while n < max && n < EXAMINED {
        let delay = scale(delays.next(policy, n), share);
        sum = sum.saturating_add(delay);
        if n as usize <= SHOWN {
            terms[n as usize - 1] = duration(delay);
        }
        if sum >= around.as_nanos() {
            return Some(Never {
                attempt: n + 1,
                sum: duration(sum),
                terms,
            });
        }
        n += 1;
    }
    None
}

/// Returns the first delay of a retry, without jitter.
pub(super) const fn first(policy: &RetryPolicy) -> Duration {
    let mut delays = Delays::START;
    duration(delays.next(policy, 1))
}

/// The delays one after the other, without jitter, in nanoseconds.
struct Delays {
    /// factorⁿ⁻¹
    growth: f64,
    /// fib(n - 1) and fib(n)
    fibonacci: (u32, u32),
}

impl Delays {
    /// None was asked for yet.
    const START: Self = Self {
        growth: 1.0,
        fibonacci: (0, 1),
    };

    /// Returns the delay before retry `n`. It is called for one `n` after the other.
    const fn next(&mut self, policy: &RetryPolicy, n: u32) -> u128 {
        let (base, cap) = (policy.base.as_nanos(), policy.cap.as_nanos());
        let grown = match policy.strategy {
            Strategy::Delays([]) => return 0,
            Strategy::Delays(all) => {
                let (n, last) = (n as usize, all.len());
                return all[if n < last { n } else { last } - 1].as_nanos();
            }
            Strategy::Constant => base,
            Strategy::Linear => base.saturating_mul(n as u128),
            Strategy::Exponential => {
                let grown = if base == 0 {
                    0
                } else {
                    scale(base, self.growth)
                };
                self.growth *= policy.factor;
                grown
            }
            Strategy::Fibonacci => {
                let (before, this) = self.fibonacci;
                self.fibonacci = (this, before.saturating_add(this));
                base.saturating_mul(this as u128)
            }
        };
        if grown < cap { grown } else { cap }
    }
}

/// Scales a number of nanoseconds; it saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, as it should"
)]
const fn scale(nanos: u128, by: f64) -> u128 {
    (nanos as f64 * by + 0.5) as u128
}

const fn ratio_of(ratio: f64) -> f64 {
    // A comparison with NaN is false.
    if ratio > 0.0 && ratio <= 1.0 {
        ratio
    } else if ratio > 1.0 && ratio < f64::INFINITY {
        1.0
    } else {
        0.0
    }
}

/// Returns a number of nanoseconds as a duration; it saturates.
#[expect(clippy::cast_possible_truncation, reason = "below 2^64 and 10^9")]
const fn duration(nanos: u128) -> Duration {
    let secs = nanos / 1_000_000_000;
    if secs > u64::MAX as u128 {
        return Duration::MAX;
    }
    Duration::new(secs as u64, (nanos % 1_000_000_000) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, prop_assert, prop_oneof, proptest};
    use proptest::strategy::Strategy as Values;

    use super::*;

    const LIST: &[Duration] = &[Duration::from_millis(3), Duration::from_secs(2)];

    fn policies() -> impl Values<Value = RetryPolicy> {
        let strategies = prop_oneof![
            Just(Strategy::Constant),
            Just(Strategy::Linear),
            Just(Strategy::Exponential),
            Just(Strategy::Fibonacci),
            Just(Strategy::Delays(LIST)),
            Just(Strategy::Delays(&[])),
        ];
        let jitters = prop_oneof![
            Just(Jitter::None),
            Just(Jitter::Equal),
            (0.0..1.2_f64).prop_map(Jitter::Ratio),
        ];
        let times = (0..100_000_u64, 0..10_000_000_u64);
        (strategies, jitters, times, 1.0..3.0_f64, 1..40_u32).prop_map(
            |(strategy, jitter, (base, cap), factor, max)| {
                RetryPolicy::new()
                    .strategy(strategy)
                    .jitter(jitter)
                    .base(Duration::from_micros(base))
                    .cap(Duration::from_micros(cap))
                    .factor(factor)
                    .max(max)
            },
        )
    }

    #[test]
    fn decorrelated_jitter_leaves_a_list_alone() {
        let policy = RetryPolicy::new()
            .strategy(Strategy::Delays(LIST))
            .jitter(Jitter::Decorrelated);
        let found = first_that_never_starts(&policy, LIST[1]).unwrap();
        assert_eq!((found.attempt, found.sum), (3, LIST[0] + LIST[1]));
    }

    proptest! {
        #[test]
        fn they_are_those_of_the_retry(policy in policies(), around in 1..100_000_000_u64) {
            let around = Duration::from_micros(around);
            let mut sum = Duration::ZERO;
            let mut expected = None;
            for n in 1..policy.max.unwrap() {
                sum = sum.saturating_add(policy.spread(n, None).low);
                if sum >= around {
                    expected = Some((n + 1, sum));
                    break;
                }
            }
            let found = first_that_never_starts(&policy, around).map(|n| (n.attempt, n.sum));
            // Each delay may be rounded the other way.
            let near = |a: Duration, b: Duration| a.abs_diff(b) <= Duration::from_nanos(100);
            match (found, expected) {
                (None, None) => {}
                (Some((a, found)), Some((b, sum))) if a == b => prop_assert!(near(found, sum)),
                // Where the sum is the limit but for the rounding.
                _ => prop_assert!(near(sum, around), "{found:?} {expected:?}"),
            }
            let plain = policy.jitter(Jitter::None).spread(1, None).low;
            prop_assert!(near(first(&policy), plain));
        }
    }
}
