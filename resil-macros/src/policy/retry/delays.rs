//! The shortest and the longest delays of a retry, as far as its literals tell. The runtime
//! computes the real ones. Here the shortest prove that an attempt never starts, and the longest
//! are the worst case for the docs.

use std::time::Duration;

use proc_macro2::Span;

use super::options::{DEFAULT_BASE, DEFAULT_CAP, DEFAULT_FACTOR, Jitter, Retry, Strategy};
use crate::facts::Shortest;
use crate::parse::Const;
use crate::policy::worst_case::Times;

/// The delay before retry n.
type Delay = Box<dyn Fn(u32) -> Duration>;

impl Retry {
    /// Returns the shortest delays; `None` if a value is an expression or a fault, or if the delays
    /// may be zero. A delay that the failed side asks for can only be longer.
    pub(super) fn shortest(&self) -> Option<Shortest> {
        let runs = self.runs()?;
        let share = self.shortest_share()?;
        if self.written.backoff.is_some() {
            return None;
        }
        let delay = self.plain()?;
        Some(Shortest {
            runs,
            delay: Box::new(move |n| scaled(delay(n), share)),
        })
    }

    /// Returns the sum of all delays, at their longest; `None` if it is unknown.
    pub(super) fn longest_waits(&self) -> Option<Times> {
        /// The number of delays that are summed up. A longer sum is of no use to anybody.
        const MOST: u32 = 10_000;
        let waits = self.runs()?.checked_sub(1).filter(|n| *n <= MOST)?;
        let own = self.longest()?;
        let most_asked = self.longest_asked()?;
        let mut all = Times {
            own: Duration::ZERO,
            with_retry_after: Duration::ZERO,
        };
        for n in 1..=waits {
            let own = own(n);
            // Each failure may ask for a longer delay, or not.
            let asked = own.max(most_asked);
            let own = if self.retry_after.is_some() {
                asked
            } else {
                own
            };
            all.own = all.own.saturating_add(own);
            all.with_retry_after = all.with_retry_after.saturating_add(asked);
        }
        Some(all)
    }

    /// Returns the delays without jitter, up to the cap.
    fn plain(&self) -> Option<Delay> {
        if self.written.delays.is_some() {
            let delays = self.literal_delays()?;
            return Some(Box::new(move |n| {
                let last = delays.len() - 1;
                delays[last.min(usize::try_from(n - 1).unwrap_or(last))]
            }));
        }
        if self.written.policy && self.written.strategy.is_none() {
            return None;
        }
        let (base, cap) = self.base_and_cap()?;
        let factor = self.literal_or(self.factor.as_ref(), self.written.factor, DEFAULT_FACTOR)?;
        let strategy = self.strategy;
        Some(Box::new(move |n| {
            grown(strategy, base, factor, cap, n).min(cap)
        }))
    }

    /// Returns the longest delays that the jitter allows.
    fn longest(&self) -> Option<Delay> {
        if self.written.backoff.is_some() {
            // The cap limits the delays of a back-off of the user's.
            let cap = self.literal_cap()?;
            return Some(Box::new(move |_| cap));
        }
        let more = match &self.jitter {
            // The jitter is unknown.
            None if self.written.jitter.is_some() || self.written.policy => return None,
            None | Some(Jitter::Full | Jitter::Equal | Jitter::None) => return self.plain(),
            Some(Jitter::Decorrelated) => {
                let (base, cap) = self.base_and_cap()?;
                return Some(Box::new(move |n| {
                    base.saturating_mul(3_u32.saturating_pow(n)).min(cap)
                }));
            }
            Some(Jitter::Ratio(ratio)) => 1.0 + ratio.literal()?,
        };
        let plain = self.plain()?;
        // The cap does not apply to a list of delays.
        let cap = if self.written.delays.is_some() {
            Duration::MAX
        } else {
            self.literal_cap()?
        };
        Some(Box::new(move |n| scaled(plain(n), more).min(cap)))
    }

    /// Returns the longest delay that the failed side is granted, with the tenth that is added to
    /// it: the cap, or the longest of the delays if that is longer.
    fn longest_asked(&self) -> Option<Duration> {
        let cap = self.literal_cap()?;
        if self.written.delays.is_none() {
            return Some(cap);
        }
        Some(self.literal_delays()?.into_iter().fold(cap, Duration::max))
    }

    fn literal_delays(&self) -> Option<Vec<Duration>> {
        let delays = self.delays.as_ref()?.iter();
        delays.map(|delay| delay.literal().copied()).collect()
    }

    pub(super) fn base_and_cap(&self) -> Option<(Duration, Duration)> {
        let base = self.literal_or(self.base.as_ref(), self.written.base, DEFAULT_BASE)?;
        Some((base, self.literal_cap()?))
    }

    fn literal_cap(&self) -> Option<Duration> {
        self.literal_or(self.cap.as_ref(), self.written.cap, DEFAULT_CAP)
    }

    /// Returns the literal, or the default if the option is not written; `None` if the value is
    /// unknown.
    fn literal_or<T: Copy>(
        &self,
        value: Option<&Const<T>>,
        written: Option<Span>,
        default: T,
    ) -> Option<T> {
        match value {
            Some(value) => value.literal().copied(),
            None => (written.is_none() && !self.written.policy).then_some(default),
        }
    }

    /// Returns the smallest part of a delay that the jitter leaves; `None` if it may leave nothing.
    fn shortest_share(&self) -> Option<f64> {
        match &self.jitter {
            Some(Jitter::Full | Jitter::Decorrelated) => None,
            Some(Jitter::Equal) => Some(0.5),
            Some(Jitter::None) => Some(1.0),
            Some(Jitter::Ratio(ratio)) => ratio.literal().map(|ratio| 1.0 - ratio),
            None if self.written.jitter.is_some() || self.written.policy => None,
            // A list of delays has no jitter by default.
            None => self.written.delays.is_some().then_some(1.0),
        }
    }
}

fn grown(strategy: Strategy, base: Duration, factor: f64, cap: Duration, n: u32) -> Duration {
    match strategy {
        Strategy::Constant => base,
        Strategy::Linear => base.saturating_mul(n),
        Strategy::Exponential => {
            let exponent = i32::try_from(n - 1).unwrap_or(i32::MAX);
            scaled(base, factor.powi(exponent)).min(cap)
        }
        Strategy::Fibonacci => {
            let (mut before, mut delay) = (Duration::ZERO, base);
            for _ in 1..n {
                if delay >= cap {
                    break;
                }
                (before, delay) = (delay, delay.saturating_add(before));
            }
            delay
        }
    }
}

/// Scales a delay. `Duration::mul_f64` would panic where this saturates; whole milliseconds stay
/// exact.
fn scaled(delay: Duration, share: f64) -> Duration {
    if (share - 1.0).abs() < f64::EPSILON {
        return delay;
    }
    Duration::try_from_secs_f64(delay.as_secs_f64() * share).unwrap_or(Duration::MAX)
}
