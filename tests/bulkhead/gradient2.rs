//! The rule that the adaptive limit began with, as Netflix publishes it (concurrency-limits, `Gradient2Limit`
//! inside a `WindowedLimit`, with their defaults but for the least limit and the window): what it does on the same server.

use std::time::Duration;

use tokio::time::Instant;

/// The state of the rule, and the window that is being filled.
#[derive(Debug)]
pub(super) struct Gradient2 {
    limit: f64,
    /// The exponential average of the round trips, over six hundred windows.
    long: f64,
    /// How many windows it has seen, as far as that matters.
    warm: u32,
    ends: Option<Instant>,
    calls: u32,
    sum: Duration,
    busiest: u32,
}

impl Gradient2 {
    const ALLOWANCE: f64 = 4.0;
    const SMOOTHING: f64 = 0.2;
    const TOLERANCE: f64 = 1.5;
    const LONG_WINDOW: f64 = 600.0;
    const WARM_UP: u32 = 10;
    /// A second there; with that it has not moved far when the capacity changes again.
    const WINDOW: Duration = Duration::from_millis(100);
    const FEWEST: u32 = 10;

    pub(super) fn new(first: u32) -> Self {
        Self {
            limit: f64::from(first),
            long: 0.0,
            warm: 0,
            ends: None,
            calls: 0,
            sum: Duration::ZERO,
            busiest: 0,
        }
    }

    /// Adds a call that began at that time, while so many were inside. Returns the next limit at the end of
    /// a window.
    pub(super) fn add(&mut self, began: Instant, inside: u32) -> Option<u32> {
        let now = Instant::now();
        let ends = *self.ends.get_or_insert(now + Self::WINDOW);
        self.calls += 1;
        self.sum += now - began;
        self.busiest = self.busiest.max(inside);
        if now < ends || self.calls < Self::FEWEST {
            return None;
        }
        let short = self.sum.as_secs_f64() / f64::from(self.calls);
        self.update(short, f64::from(self.busiest));
        (self.ends, self.calls) = (Some(now + Self::WINDOW), 0);
        (self.sum, self.busiest) = (Duration::ZERO, 0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 1000"
        )]
        Some(self.limit as u32)
    }

    fn update(&mut self, short: f64, inside: f64) {
        if self.warm < Self::WARM_UP {
            self.warm += 1;
            self.long += (short - self.long) / f64::from(self.warm);
        } else {
            self.long += (short - self.long) * 2.0 / (Self::LONG_WINDOW + 1.0);
        }
        let long = self.long;
        if long / short > 2.0 {
            self.long *= 0.95;
        }
        if inside < self.limit / 2.0 {
            return;
        }
        let gradient = (Self::TOLERANCE * long / short).clamp(0.5, 1.0);
        let next = self.limit * gradient + Self::ALLOWANCE;
        self.limit += (next - self.limit) * Self::SMOOTHING;
        self.limit = self.limit.clamp(1.0, 1_000.0);
    }
}
