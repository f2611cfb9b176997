//! The shortest and the longest delays that a retry can have, as far as its literals tell. The
//! runtime computes the real ones; here they prove that an attempt never starts, and say what the
//! whole may come to.

use std::time::Duration;

use proc_macro2::Span;

use super::options::{DEFAULT_BASE, DEFAULT_CAP, DEFAULT_FACTOR, Jitter, Retry, Strategy};
use crate::facts::Shortest;
use crate::parse::Const;
use crate::policy::worst_case::Times;

/// The delay before retry n.
type Delay = Box<dyn Fn(u32) -> Duration>;

impl Retry {
    /// `None` where a value is an expression or a fault, or where the delays may be nothing. What the
    /// failed side asks for can only make them longer.
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

    /// All waits together; `None` where that can't be told.
    pub(super) fn longest_waits(&self) -> Option<Times> {
        /// More waits than this are no figure that helps anybody.
        const MOST: u32 = 10_000;
        let waits = self.runs()?.checked_sub(1).filter(|n| *n <= MOST)?;
        let own = self.longest()?;
        let most_asked = self.longest_asked()?;
        let mut all = Times {
            own: Duration::ZERO,
            asked: Duration::ZERO,
        };
        for n in 1..=waits {
            let own = own(n);
            // Any failure may ask, and any may not.
            let asked = own.max(most_asked);
            let own = if self.retry_after.is_some() {
                asked
            } else {
                own
            };
            all.own = all.own.saturating_add(own);
            all.asked = all.asked.saturating_add(asked);
        }
        Some(all)
    }

    /// The delays before their jitter, capped where they have a cap.
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

    /// The longest delays that the jitter allows.
    fn longest(&self) -> Option<Delay> {
        if self.written.backoff.is_some() {
            // Whatever it answers is held to the cap.
            let cap = self.literal_cap()?;
            return Some(Box::new(move |_| cap));
        }
        let more = match &self.jitter {
            // Nothing is known of the jitter.
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
        // No cap holds what comes to a list of delays.
        let cap = if self.written.delays.is_some() {
            Duration::MAX
        } else {
            self.literal_cap()?
        };
        Some(Box::new(move |n| scaled(plain(n), more).min(cap)))
    }

    /// What the failed side may ask for, the tenth on top included: up to the cap, or the longest of
    /// the delays where that is longer.
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

    /// The literal, the default where nothing is written, `None` where it can't be told.
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

    /// The least part of a delay that the jitter leaves; `None` if it may leave nothing.
    fn shortest_share(&self) -> Option<f64> {
        match &self.jitter {
            Some(Jitter::Full | Jitter::Decorrelated) => None,
            Some(Jitter::Equal) => Some(0.5),
            Some(Jitter::None) => Some(1.0),
            Some(Jitter::Ratio(ratio)) => ratio.literal().map(|ratio| 1.0 - ratio),
            None if self.written.jitter.is_some() || self.written.policy => None,
            // The delays of a list are taken as they are.
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

/// `Duration::mul_f64` panics where this saturates; whole milliseconds stay exact.
fn scaled(delay: Duration, share: f64) -> Duration {
    if (share - 1.0).abs() < f64::EPSILON {
        return delay;
    }
    Duration::try_from_secs_f64(delay.as_secs_f64() * share).unwrap_or(Duration::MAX)
}
