//! Slow start: an endpoint that is new, or back, gets its share little by little.

use std::time::Duration;

use resil_runtime::clock;

/// How an endpoint that is new, or back after it was ejected, comes to its full share of the requests.
///
/// The formula is that of Envoy's `slow_start_config`. In the window its weight is
/// `max(min_weight, (time / window) ^ (1 / aggression))`; it takes part in that share of the choices. Endpoints
/// that are there from the beginning do not start slowly. Where all start slowly none does, nor where more than half
/// are ejected: those would be asked in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct SlowStart {
    window: Duration,
    aggression: f64,
    min_weight: f64,
}

impl SlowStart {
    /// Starts over `window`, evenly (an aggression of 1) from a weight of 0.1, as Envoy does. Zero: at once.
    pub const fn over(window: Duration) -> Self {
        Self {
            window,
            aggression: 1.0,
            min_weight: 0.1,
        }
    }

    /// Sets how fast the weight rises at first: above 1 faster than evenly, below 1 more slowly. What is not
    /// above 0 is replaced by 1.
    pub const fn aggression(mut self, aggression: f64) -> Self {
        self.aggression = if aggression > 0.0 { aggression } else { 1.0 };
        self
    }

    /// Sets the least weight, from 0 to 1. NaN is replaced by 0.
    pub const fn min_weight(mut self, weight: f64) -> Self {
        self.min_weight = if weight >= 1.0 {
            1.0
        } else if weight >= 0.0 {
            weight
        } else {
            0.0
        };
        self
    }

    pub(super) fn is_off(&self) -> bool {
        self.window.is_zero()
    }

    /// Returns the weight of an endpoint that has started `time` ago; `None` past the window.
    pub(super) fn weight(&self, time: Duration) -> Option<f64> {
        if time >= self.window {
            return None;
        }
        let factor = time.as_secs_f64() / self.window.as_secs_f64();
        let weight = factor.powf(1.0 / self.aggression);
        Some(weight.clamp(self.min_weight, 1.0))
    }

    /// Returns the weight of an endpoint that has started at `since`, in milliseconds.
    pub(super) fn weight_since(&self, since_ms: u64, now_ms: u64) -> Option<f64> {
        self.weight(Duration::from_millis(now_ms.saturating_sub(since_ms)))
    }

    pub(super) fn window_ms(&self) -> u64 {
        clock::nanos(self.window) / 1_000_000
    }
}

impl Default for SlowStart {
    /// Starts over 10 s.
    fn default() -> Self {
        Self::over(Duration::from_secs(10))
    }
}
