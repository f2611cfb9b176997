//! The delays of a retry: pure arithmetic, which saturates.

use std::time::Duration;

use super::policy::{Jitter, RetryPolicy, Strategy};

/// Between which two values the delay before a retry is drawn, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) low: Duration,
    pub(crate) high: Duration,
}

impl Spread {
    fn exactly(d: Duration) -> Self {
        Self { low: d, high: d }
    }

    /// A value of the spread.
    pub(crate) fn draw(self) -> Duration {
        let width = nanos(self.high.saturating_sub(self.low));
        if width == 0 {
            return self.low;
        }
        self.low
            .saturating_add(Duration::from_nanos(rand::random_range(0..=width)))
    }
}

/// 584 years fit.
fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

/// `d · by`, saturating; `by` is finite or infinite and not negative.
fn scale(d: Duration, by: f64) -> Duration {
    // Through nanoseconds: integral factors stay exact up to 2^53 ns, 104 days.
    let ns = d.as_nanos() as f64 * by;
    if ns.is_nan() {
        return Duration::ZERO;
    }
    // As `f64` to `u128` saturates, which is what is wanted.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let ns = ns.round() as u128;
    let Ok(secs) = u64::try_from(ns / 1_000_000_000) else {
        return Duration::MAX;
    };
    let nanos = u32::try_from(ns % 1_000_000_000).unwrap_or_default();
    Duration::new(secs, nanos)
}

impl RetryPolicy {
    /// The delay before retry `n` (1, 2, ..), before jitter.
    fn plain(&self, n: u32) -> Duration {
        let grown = match self.strategy {
            Strategy::Constant => self.base,
            Strategy::Linear => self.base.saturating_mul(n),
            Strategy::Exponential => {
                let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
                if self.base.is_zero() {
                    // 0 · ∞ is not a number.
                    Duration::ZERO
                } else {
                    scale(self.base, self.factor.powi(exponent))
                }
            }
            Strategy::Fibonacci => self.base.saturating_mul(fibonacci(n)),
            Strategy::Delays(all) => {
                let i = usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
                return all.get(i).or(all.last()).copied().unwrap_or(Duration::ZERO);
            }
        };
        grown.min(self.cap)
    }

    /// Between what the delay before retry `n` is drawn; `previous` is the one before it.
    pub(crate) fn spread(&self, n: u32, previous: Option<Duration>) -> Spread {
        let (default, cap) = match self.strategy {
            Strategy::Delays(_) => (Jitter::None, Duration::MAX),
            _ => (Jitter::Full, self.cap),
        };
        self.jittered(self.plain(n), default, cap, previous)
    }

    /// The same for a delay that a [`Backoff`](super::Backoff) has given.
    pub(crate) fn spread_own(&self, d: Duration, previous: Option<Duration>) -> Spread {
        self.jittered(d.min(self.cap), Jitter::None, self.cap, previous)
    }

    fn jittered(
        &self,
        d: Duration,
        default: Jitter,
        cap: Duration,
        previous: Option<Duration>,
    ) -> Spread {
        match self.jitter.unwrap_or(default) {
            Jitter::None => Spread::exactly(d),
            Jitter::Full => Spread {
                low: Duration::ZERO,
                high: d,
            },
            Jitter::Equal => Spread {
                low: d / 2,
                high: d,
            },
            Jitter::Decorrelated => {
                let low = self.base.min(cap);
                let previous = previous.unwrap_or(self.base);
                Spread {
                    low,
                    high: previous.saturating_mul(3).min(cap).max(low),
                }
            }
            Jitter::Ratio(r) => {
                let r = if r.is_finite() {
                    r.clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let low = scale(d, 1.0 - r).min(cap);
                Spread {
                    low,
                    high: scale(d, 1.0 + r).min(cap).max(low),
                }
            }
        }
    }

    /// The delay that the failed side asked for, up to 10 % later; `None` if it is longer than
    /// what this policy waits at all.
    pub(crate) fn asked(&self, asked: Duration) -> Option<Spread> {
        let cap = match self.strategy {
            // Delays have no cap of their own: the default's, or the longest of them.
            Strategy::Delays(all) => all
                .iter()
                .copied()
                .max()
                .map_or(self.cap, |d| d.max(self.cap)),
            _ => self.cap,
        };
        (asked <= cap).then(|| Spread {
            low: asked,
            high: asked.saturating_add(asked / 10).min(cap),
        })
    }
}

/// Draws the delay before the next attempt: the longer of the policy's `own` and what the failed
/// side asked for. An answer that asks for less, or for nothing, leaves the back-off as it would be
/// without that answer.
pub(crate) fn longer(own: Spread, asked: Option<Spread>) -> Duration {
    let own = own.draw();
    match asked {
        Some(asked) if asked.low > own => asked.draw(),
        _ => own,
    }
}

/// fib(n), fib(1) = fib(2) = 1; saturates from 48 on.
fn fibonacci(n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    for _ in 0..n.min(48) {
        (a, b) = (b, a.saturating_add(b));
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as Values;
    use proptest::{collection, option, prop_assert, prop_assert_eq, prop_oneof, proptest, sample};

    use super::*;
    use crate::extremes::{cases, counts, durations, floats};

    const D: &[Duration] = &[Duration::from_millis(5), Duration::from_secs(60)];
    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn plain(p: RetryPolicy) -> Vec<u64> {
        (1..=6)
            .map(|n| u64::try_from(p.spread(n, None).high.as_millis()).unwrap())
            .collect()
    }

    #[test]
    fn strategies_grow_as_written() {
        let p = RetryPolicy::new().jitter(Jitter::None);
        assert_eq!(plain(p.strategy(Strategy::Constant)), [100; 6]);
        assert_eq!(
            plain(p.strategy(Strategy::Linear)),
            [100, 200, 300, 400, 500, 600]
        );
        assert_eq!(plain(p), [100, 200, 400, 800, 1_600, 3_200]);
        assert_eq!(plain(p.factor(3.0)), [100, 300, 900, 2_700, 8_100, 20_000]);
        assert_eq!(
            plain(p.strategy(Strategy::Fibonacci)),
            [100, 100, 200, 300, 500, 800]
        );
        assert_eq!(
            plain(RetryPolicy::new().strategy(Strategy::Delays(D))),
            [5, 60_000, 60_000, 60_000, 60_000, 60_000]
        );
    }

    #[test]
    fn polly_k03_base_zero_is_zero_and_the_cap_holds() {
        for s in [
            Strategy::Constant,
            Strategy::Linear,
            Strategy::Exponential,
            Strategy::Fibonacci,
        ] {
            let p = RetryPolicy::new().strategy(s).jitter(Jitter::None);
            assert_eq!(
                p.base(Duration::ZERO).spread(10_000, None).high,
                Duration::ZERO
            );
            assert_eq!(
                p.base(MS(10_000)).cap(MS(1_000)).spread(3, None).high,
                MS(1_000)
            );
        }
    }

    #[test]
    fn d7_attempt_ten_thousand_saturates() {
        let day = Duration::from_secs(86_400);
        let p = RetryPolicy::new()
            .base(day)
            .jitter(Jitter::None)
            .cap(Duration::MAX);
        for n in [1_000, 10_000, u32::MAX] {
            assert!(p.spread(n, None).high > Duration::from_secs(u64::MAX / 4));
            assert!(p.strategy(Strategy::Linear).spread(n, None).high >= day);
            assert!(p.strategy(Strategy::Fibonacci).spread(n, None).high >= day);
            let _ = p
                .jitter(Jitter::Ratio(1.0))
                .spread(n, Some(Duration::MAX))
                .draw();
            let _ = p
                .jitter(Jitter::Decorrelated)
                .spread(n, Some(Duration::MAX))
                .draw();
        }
    }

    #[test]
    fn d19_full_jitter_by_default_and_no_delay_above_the_cap() {
        let p = RetryPolicy::new().base(MS(100)).cap(MS(300));
        assert_eq!(
            p.spread(2, None),
            Spread {
                low: Duration::ZERO,
                high: MS(200)
            }
        );
        for j in [
            Jitter::Full,
            Jitter::Equal,
            Jitter::Decorrelated,
            Jitter::Ratio(1.0),
        ] {
            for n in 1..50 {
                let s = p.jitter(j).spread(n, Some(MS(300)));
                assert!(s.low <= s.high && s.high <= MS(300), "{j:?} {n} {s:?}");
                assert!(s.draw() <= MS(300));
            }
        }
    }

    #[test]
    fn jitters_spread_as_written() {
        let p = RetryPolicy::new();
        assert_eq!(
            p.jitter(Jitter::Equal).spread(3, None),
            Spread {
                low: MS(200),
                high: MS(400)
            }
        );
        let r = p.jitter(Jitter::Ratio(0.25)).spread(1, None);
        assert_eq!(
            r,
            Spread {
                low: MS(75),
                high: MS(125)
            }
        );
        let d = p.jitter(Jitter::Decorrelated);
        assert_eq!(
            d.spread(1, None),
            Spread {
                low: MS(100),
                high: MS(300)
            }
        );
        assert_eq!(
            d.spread(2, Some(MS(250))),
            Spread {
                low: MS(100),
                high: MS(750)
            }
        );
        assert_eq!(
            d.spread(9, Some(MS(9_000))),
            Spread {
                low: MS(100),
                high: MS(20_000)
            }
        );
    }

    #[test]
    fn what_was_asked_is_never_undercut() {
        let p = RetryPolicy::new().cap(MS(1_000));
        assert_eq!(
            p.asked(MS(500)),
            Some(Spread {
                low: MS(500),
                high: MS(550)
            })
        );
        assert_eq!(
            p.asked(MS(1_000)),
            Some(Spread {
                low: MS(1_000),
                high: MS(1_000)
            })
        );
        assert_eq!(p.asked(MS(1_001)), None);
    }

    #[test]
    fn the_longer_of_what_was_asked_and_the_own_delay() {
        let own = Spread::exactly(MS(100));
        let asked = |ms| RetryPolicy::new().asked(MS(ms));
        for ms in [0, 1, 99, 100] {
            assert_eq!(longer(own, asked(ms)), MS(100), "{ms} is not longer");
        }
        for _ in 0..100 {
            let delay = longer(own, asked(101));
            assert!(
                (101_000..=111_100).contains(&delay.as_micros()),
                "{delay:?}"
            );
        }
        assert_eq!(longer(own, None), MS(100));
    }

    fn strategies() -> impl Values<Value = Strategy> {
        let delays = collection::vec(durations(), 0..4)
            .prop_map(|all| Strategy::Delays(Box::leak(all.into_boxed_slice())));
        let plain = sample::select(vec![
            Strategy::Constant,
            Strategy::Linear,
            Strategy::Exponential,
            Strategy::Fibonacci,
        ]);
        prop_oneof![4 => plain, 1 => delays]
    }

    fn jitters() -> impl Values<Value = Option<Jitter>> {
        let plain = sample::select(vec![
            None,
            Some(Jitter::None),
            Some(Jitter::Full),
            Some(Jitter::Equal),
            Some(Jitter::Decorrelated),
        ]);
        prop_oneof![2 => plain, 1 => floats().prop_map(|r| Some(Jitter::Ratio(r)))]
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_delay_of_any_policy_overflows_or_passes_the_cap(
            (strategy, jitter, factor) in (strategies(), jitters(), floats()),
            (base, cap) in (durations(), durations()),
            (n, previous, asked) in (counts(), option::of(durations()), durations()),
        ) {
            let mut policy = RetryPolicy::new()
                .strategy(strategy)
                .factor(factor)
                .base(base)
                .cap(cap);
            policy.jitter = jitter;
            let bound = match strategy {
                Strategy::Delays(_) => Duration::MAX,
                _ => cap,
            };
            let spread = policy.spread(n, previous);
            prop_assert!(spread.low <= spread.high && spread.high <= bound);
            let drawn = spread.draw();
            prop_assert!(spread.low <= drawn && drawn <= spread.high);
            // Without jitter no delay is shorter than the one before it, but by the list.
            if jitter == Some(Jitter::None) && !matches!(strategy, Strategy::Delays(_)) && n > 1 {
                prop_assert!(policy.spread(n - 1, None).high <= spread.high);
            }
            if let Some(asked_for) = policy.asked(asked) {
                prop_assert_eq!(asked_for.low, asked);
                prop_assert!(asked_for.draw() >= asked);
                prop_assert!(asked_for.high <= asked.saturating_add(asked / 10));
                let delay = longer(spread, Some(asked_for));
                prop_assert!(delay >= asked && delay >= spread.low);
                prop_assert!(delay <= spread.high.max(asked_for.high));
            } else {
                prop_assert!(asked > cap);
            }
        }

        #[test]
        fn a_scaled_duration_is_in_order_with_its_factor(
            d in durations(),
            (a, b) in (floats(), floats()),
        ) {
            let (a, b) = (a.abs().min(b.abs()), a.abs().max(b.abs()));
            if !a.is_nan() && !b.is_nan() && !d.is_zero() {
                prop_assert!(scale(d, a) <= scale(d, b));
            }
        }
    }
}
