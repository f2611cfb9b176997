//! The rule of an adaptive limit: pure numbers, without threads and without a clock.
//!
//! It is the Gradient2 of Netflix's concurrency-limits (`Gradient2Limit.java`), with the long
//! round-trip time measured in another way. Each window of calls gives a short round-trip time, its
//! mean latency. With `gradient = clamp(long / short, 0.5, 1)` the next limit is
//! `limit · gradient + √limit`, of which a part of the step is made. The limit never grows while less
//! than half of it is used.
//!
//! * **Probing.** Gradient2 takes the exponential average of all round trips for the long one, and
//!   grows as long as the short one is within 1.5 times that. A queue at the other side that is always
//!   there becomes part of the average, so that the limit creeps up without an end. Here the long
//!   round trip is measured without a queue: now and then the limit is a fifth lower for one window,
//!   which drains the queue that the allowance leaves there. This is how BBR finds the minimum
//!   round-trip time of a TCP connection (`ProbeRTT` in Cardwell et al., "BBR: Congestion-Based
//!   Congestion Control", ACM Queue 2016; draft-ietf-ccwg-bbr), and Envoy that of its gradient
//!   controller (`min_rtt_calc_params`).
//! * **The fading allowance.** The allowance `√limit` lets the limit grow where there is no queue. It
//!   fades from a gradient of 1 to none at 0.95, so that also a small limit settles close above what
//!   the other side works on at once: √16 alone would be a quarter.
//! * **Noise.** Gradient2 tolerates a short round trip of 1.5 times the long one, whatever the latency
//!   is like. Here a difference counts as far as it is more than two standard errors of a window's
//!   mean. How much latencies differ is measured without a queue, too: where all calls take equally long
//!   there is no tolerance.

use super::policy::AdaptiveLimit;

/// The unit of the sums, as a power of two of nanoseconds. So the squares of so many latencies as a
/// window has fit into 64 bits.
pub(super) const UNIT: u32 = 8;

/// The least and the greatest number of calls in a window. Between them it is the limit: as many calls
/// as end in a round trip.
const FEWEST: u32 = 40;
const MOST: u32 = 400;
/// The lowest gradient: the limit is at most halved, before smoothing.
const STEEPEST: f64 = 0.5;
/// The gradient at which there is no allowance for growth any more.
const NO_ALLOWANCE: f64 = 0.95;
/// The part of a step that is made.
const SMOOTHING: f64 = 0.7;
/// The part of the limit that is in use while the round trip without a queue is measured.
const PROBING: f64 = 0.8;
/// Two windows in a row below this gradient: the latency may have another reason than a queue.
const DOUBTFUL: f64 = 0.7;
/// So many standard errors are no sign of a queue.
const TOLERANCE: f64 = 2.0;
/// A window that is by so many standard errors below the long round trip lowers that at once.
const SURELY: f64 = 4.0;
/// The factor by which the long round trip grows at most with one measurement: a measurement may have
/// met a queue.
const RISE: f64 = 2.0;
/// A measurement that is lower by a standard error holds at once, as it has met less of a queue. So does
/// one that is higher by this part, and by more than the tolerance. Of others a part is taken.
const FAR: f64 = 0.08;
const NEAR: f64 = 0.3;
/// If the long round trip moves by more, it is measured again soon.
const MOVED: f64 = 0.04;
/// The time between two measurements, in round trips and at least in nanoseconds.
const EVERY: u64 = 40;
const AT_LEAST: u64 = 1_000_000_000;
/// The same after a measurement that differed much, in round trips.
const SOON: u64 = 4;
/// What is left of the limit after a refusal, a timeout or a throttled outcome.
const CUT: f64 = 0.9;

/// What the calls of one window have shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// When it ended, in nanoseconds.
    now: u64,
    /// The number of its calls.
    calls: f64,
    /// The mean latency of its calls, in nanoseconds.
    mean: f64,
    /// The standard deviation of the latencies, as a part of the mean.
    spread: f64,
    /// The most calls that were inside at once.
    busiest: u32,
}

impl Window {
    /// Returns the window of so many `calls`, whose latencies have that `sum` and that sum of
    /// `squares`, in units of 2^[`UNIT`] ns.
    pub(super) fn of(now: u64, calls: u32, sum: u64, squares: u64, busiest: u32) -> Self {
        let calls = f64::from(calls.max(1));
        let mean = as_number(sum) / calls;
        let variance = (as_number(squares) / calls - mean * mean).max(0.0);
        Self {
            now,
            calls,
            mean: (mean * f64::from(1_u32 << UNIT)).max(1.0),
            spread: if mean > 0.0 {
                variance.sqrt() / mean
            } else {
                0.0
            },
            busiest,
        }
    }

    /// Returns the standard error of the mean.
    fn error(&self) -> f64 {
        self.mean * self.spread / self.calls.sqrt()
    }
}

/// The state of an adaptive limit.
#[derive(Debug)]
pub(super) struct Gradient {
    bounds: AdaptiveLimit,
    limit: f64,
    /// The round-trip time without a queue, in nanoseconds; 0 before the first window.
    long: f64,
    /// The standard deviation of the latencies without a queue, as a part of their mean.
    spread: f64,
    /// The round-trip time of the last window.
    short: u64,
    is_probing: bool,
    /// When the long round trip is measured next.
    probe_at: u64,
    /// The number of windows in a row with a doubtful gradient.
    doubtful: u32,
    /// When the limit was cut last.
    cut_at: u64,
    /// The limit that listeners were told last.
    told: u32,
}

impl Gradient {
    pub(super) fn new(bounds: AdaptiveLimit) -> Self {
        Self {
            bounds,
            limit: f64::from(bounds.first()),
            long: 0.0,
            spread: 0.0,
            short: 0,
            is_probing: false,
            probe_at: 0,
            doubtful: 0,
            cut_at: 0,
            told: bounds.first(),
        }
    }

    /// Returns the limit to use now.
    pub(super) fn limit(&self) -> u32 {
        let limit = if self.is_probing {
            whole((self.limit * PROBING).floor())
        } else {
            self.settled()
        };
        limit.clamp(self.bounds.lowest(), self.bounds.highest())
    }

    /// Returns the limit without regard to a measurement.
    fn settled(&self) -> u32 {
        whole(self.limit.round())
    }

    /// Returns the number of calls that make a window.
    pub(super) fn enough(&self) -> u32 {
        self.limit().clamp(FEWEST, MOST)
    }

    /// Returns the round-trip time of the last window, in nanoseconds.
    pub(super) fn round_trip(&self) -> u64 {
        self.short
    }

    /// Takes a window into account.
    pub(super) fn add(&mut self, window: &Window) {
        let short = window.mean;
        self.short = as_nanos(short);
        if self.is_probing {
            self.measured(window);
            return;
        }
        if self.long == 0.0 {
            (self.long, self.spread) = (short, window.spread);
            self.probe_at = window.now.saturating_add(self.round_trips(SOON));
        }
        if short + SURELY * window.error() < self.long {
            (self.long, self.spread) = (short, window.spread);
        }
        if f64::from(window.busiest) * 2.0 < self.limit {
            return;
        }
        let noise = self.long * self.spread / window.calls.sqrt();
        let short = short - TOLERANCE * noise;
        let gradient = (self.long / short.max(self.long)).max(STEEPEST);
        let allowance = ((gradient - NO_ALLOWANCE) / (1.0 - NO_ALLOWANCE)).max(0.0);
        let next = self.limit * gradient + self.limit.sqrt() * allowance;
        self.move_to(self.limit + (next - self.limit) * SMOOTHING);
        self.doubtful = if gradient < DOUBTFUL {
            self.doubtful + 1
        } else {
            0
        };
        if window.now >= self.probe_at || self.doubtful >= 2 {
            self.is_probing = true;
            self.doubtful = 0;
        }
    }

    /// Ends a measurement of the long round trip.
    fn measured(&mut self, window: &Window) {
        self.is_probing = false;
        let (before, short) = (self.long, window.mean);
        let is_lower = short + window.error() < before;
        let is_higher = short - TOLERANCE * window.error() > before * (1.0 + FAR);
        if is_lower || is_higher {
            self.long = short.min(before * RISE);
            // Waiting in a queue spreads the latencies, too.
            self.spread = self.spread.min(window.spread);
        } else {
            self.long += (short - before) * NEAR;
            self.spread += (window.spread - self.spread) * NEAR;
        }
        let has_moved = (is_lower || is_higher) && (self.long - before).abs() > before * MOVED;
        let pause = if has_moved {
            self.round_trips(SOON)
        } else {
            self.round_trips(EVERY).max(AT_LEAST)
        };
        self.probe_at = window.now.saturating_add(pause);
    }

    /// Takes note of a call that began at `began` and was refused, timed out or throttled at `now`. It
    /// cuts the limit if that was not cut within the last round trip, nor since the call began. Returns
    /// whether it did.
    pub(super) fn overloaded(&mut self, began: u64, now: u64) -> bool {
        let again_at = self.cut_at.saturating_add(self.short);
        if began < self.cut_at || now < again_at && self.cut_at != 0 {
            return false;
        }
        self.cut_at = now;
        self.is_probing = false;
        self.move_to(self.limit * CUT);
        true
    }

    /// Goes on from a limit that was set manually, and told.
    pub(super) fn set(&mut self, limit: u32) {
        self.limit = f64::from(limit);
        self.told = limit;
        self.is_probing = false;
    }

    /// Returns the limit that listeners were told last, and the one to tell now, if the two differ by
    /// more than a tenth.
    pub(super) fn tell(&mut self) -> Option<(u32, u32)> {
        let (told, now) = (self.told, self.settled());
        if told.abs_diff(now).saturating_mul(10) <= told {
            return None;
        }
        self.told = now;
        Some((told, now))
    }

    fn move_to(&mut self, limit: f64) {
        let (min, max) = (self.bounds.lowest(), self.bounds.highest());
        self.limit = limit.clamp(f64::from(min), f64::from(max));
    }

    /// Returns so many long round trips, in nanoseconds.
    fn round_trips(&self, count: u64) -> u64 {
        as_nanos(self.long).saturating_mul(count)
    }
}

/// Returns a number that is exact below 2⁵³: as nanoseconds, three months.
fn as_number(sum: u64) -> f64 {
    sum as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
fn as_nanos(number: f64) -> u64 {
    number as u64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
fn whole(number: f64) -> u32 {
    number as u32
}
