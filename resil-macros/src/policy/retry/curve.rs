//! The shortest delays that a retry can have, as far as its literals tell. The runtime
//! computes the real ones; here they only prove that an attempt can never start.

use std::time::Duration;

use proc_macro2::Span;

use super::{DEFAULT_BASE, DEFAULT_CAP, DEFAULT_FACTOR, Jitter, Retry, Strategy};
use crate::parse::Const;
use crate::policy::Shortest;

impl Retry {
    /// `None` where a value is an expression or a fault, where the delays may be nothing,
    /// or where the failed side may ask for another delay than ours.
    pub(super) fn shortest(&self) -> Option<Shortest> {
        let runs = self.runs()?;
        let share = self.shortest_share()?;
        if self.retry_after.is_some() || self.written.backoff.is_some() {
            return None;
        }
        let delay: Box<dyn Fn(u32) -> Duration> = if self.written.delays.is_some() {
            let delays = self.delays.as_ref()?;
            let delays: Vec<Duration> = delays
                .iter()
                .map(|delay| delay.literal().copied())
                .collect::<Option<_>>()?;
            Box::new(move |n| {
                let last = delays.len() - 1;
                delays[last.min(usize::try_from(n - 1).unwrap_or(last))]
            })
        } else {
            if self.written.policy && self.written.strategy.is_none() {
                return None;
            }
            let base = self.literal_or(self.base.as_ref(), self.written.base, DEFAULT_BASE)?;
            let cap = self.literal_or(self.cap.as_ref(), self.written.cap, DEFAULT_CAP)?;
            let factor =
                self.literal_or(self.factor.as_ref(), self.written.factor, DEFAULT_FACTOR)?;
            let strategy = self.strategy;
            Box::new(move |n| grown(strategy, base, factor, cap, n).min(cap))
        };
        Some(Shortest {
            runs,
            delay: Box::new(move |n| scaled(delay(n), share)),
        })
    }

    /// All waits together at their longest; `None` where that can't be told.
    pub(crate) fn longest_waits(&self) -> Option<Duration> {
        /// More waits than this are no figure that helps anybody.
        const MOST: u32 = 10_000;
        if self.written.policy {
            return None;
        }
        let waits = self.runs()?.checked_sub(1).filter(|n| *n <= MOST)?;
        let delays = match &self.delays {
            None if self.written.delays.is_some() => return None,
            None => None,
            Some(all) => Some(
                all.iter()
                    .map(|d| d.literal().copied())
                    .collect::<Option<Vec<_>>>()?,
            ),
        };
        if let Some(delays) = delays {
            let last = delays.last().copied()?;
            let all = (0..waits as usize).map(|i| delays.get(i).copied().unwrap_or(last));
            return all
                .reduce(Duration::saturating_add)
                .or(Some(Duration::ZERO));
        }
        let cap = self.literal_or(self.cap.as_ref(), self.written.cap, DEFAULT_CAP)?;
        let own = self.written.backoff.is_some() || self.retry_after.is_some();
        if own || matches!(self.jitter, Some(Jitter::Decorrelated)) {
            // Whoever gives the delay is held to the cap.
            return cap.checked_mul(waits);
        }
        let base = self.literal_or(self.base.as_ref(), self.written.base, DEFAULT_BASE)?;
        let factor = self.literal_or(self.factor.as_ref(), self.written.factor, DEFAULT_FACTOR)?;
        let more = match &self.jitter {
            Some(Jitter::Ratio(ratio)) => 1.0 + ratio.literal()?,
            _ => 1.0,
        };
        let all = (1..=waits)
            .map(|n| scaled(grown(self.strategy, base, factor, cap, n).min(cap), more).min(cap));
        all.reduce(Duration::saturating_add)
            .or(Some(Duration::ZERO))
    }

    /// The literal, the default where nothing is written, `None` where it can't be told.
    pub(super) fn literal_or<T: Copy>(
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
