//! The delays of a retry: pure arithmetic that saturates.

use std::time::Duration;

use super::policy::{Jitter, RetryPolicy, Strategy};
use crate::random;

#[cfg(test)]
mod tests;

/// The two values between which a delay is drawn at random, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) low: Duration,
    pub(crate) high: Duration,
}

impl Spread {
    fn exactly(d: Duration) -> Self {
        Self { low: d, high: d }
    }

    /// Draws a value.
    pub(crate) fn draw(self) -> Duration {
        let width = nanos(self.high.saturating_sub(self.low));
        if width == 0 {
            return self.low;
        }
        self.low
            .saturating_add(Duration::from_nanos(random::up_to(width)))
    }
}

/// Returns `d` in nanoseconds, saturating: 584 years fit.
fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns `d · by`, saturating. `by` is not negative; it may be infinite.
fn scale(d: Duration, by: f64) -> Duration {
    // Through nanoseconds: integral factors stay exact up to 2^53 ns, 104 days.
    let ns = d.as_nanos() as f64 * by;
    if ns.is_nan() {
        return Duration::ZERO;
    }
    // The cast from `f64` to `u128` saturates, as it should.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let ns = ns.round() as u128;
    let Ok(secs) = u64::try_from(ns / 1_000_000_000) else {
        return Duration::MAX;
    };
    let nanos = u32::try_from(ns % 1_000_000_000).unwrap_or_default();
    Duration::new(secs, nanos)
}

impl RetryPolicy {
    /// Returns the delay before retry `n` (1, 2, ..), without jitter.
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

    /// Returns the spread of the delay before retry `n`. `previous` is the delay before retry
    /// `n - 1`, if there was one.
    pub(crate) fn spread(&self, n: u32, previous: Option<Duration>) -> Spread {
        let (jitter, cap) = match self.strategy {
            Strategy::Delays(_) => (self.jitter_of_given(), Duration::MAX),
            _ => (self.jitter.unwrap_or(Jitter::Full), self.cap),
        };
        self.jittered(self.plain(n), jitter, cap, previous)
    }

    /// Returns the spread of a delay `d` that a [`Backoff`](super::Backoff) has returned.
    pub(crate) fn spread_own(&self, d: Duration, previous: Option<Duration>) -> Spread {
        self.jittered(d.min(self.cap), self.jitter_of_given(), self.cap, previous)
    }

    /// Returns the jitter of delays that are given: by a list, or by a back-off of the user's. Decorrelated
    /// jitter leaves them alone, as it would make each delay from the one before it, and of none of them.
    const fn jitter_of_given(&self) -> Jitter {
        match self.jitter {
            None | Some(Jitter::Decorrelated) => Jitter::None,
            Some(jitter) => jitter,
        }
    }

    fn jittered(
        &self,
        d: Duration,
        jitter: Jitter,
        cap: Duration,
        previous: Option<Duration>,
    ) -> Spread {
        match jitter {
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

    /// Returns the longest delay that the failed side is granted.
    pub(crate) fn longest_asked(&self) -> Duration {
        match self.strategy {
            // A list has no cap of its own: the default cap, or the longest delay of the list.
            Strategy::Delays(all) => all
                .iter()
                .copied()
                .max()
                .map_or(self.cap, |d| d.max(self.cap)),
            _ => self.cap,
        }
    }

    /// Returns the spread of a delay that the failed side asked for: from that delay up to 10 %
    /// more, so that calls do not all come back at once. Returns `None` if the side asked for more
    /// than the longest delay of this policy.
    pub(crate) fn asked(&self, asked: Duration) -> Option<Spread> {
        let cap = self.longest_asked();
        (asked <= cap).then(|| Spread {
            low: asked,
            high: asked.saturating_add(asked / 10).min(cap),
        })
    }
}

/// Draws the delay before the next attempt: the longer of the policy's `own` delay and the one that
/// the failed side asked for. If that side asked for a shorter delay, or for none, the back-off is
/// the policy's own.
pub(crate) fn longer(own: Spread, asked: Option<Spread>) -> Duration {
    let own = own.draw();
    match asked {
        Some(asked) if asked.low > own => asked.draw(),
        _ => own,
    }
}

/// Returns fib(n), with fib(1) = fib(2) = 1; saturates from 48 on.
fn fibonacci(n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    for _ in 0..n.min(48) {
        (a, b) = (b, a.saturating_add(b));
    }
    a
}
