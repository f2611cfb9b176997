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
//!   round trip is measured without a queue: now and then the limit is a seventh lower for one
//!   window, which drains the queue that the allowance leaves there. It drains no more than that, so
//!   no measurement begins while there is a longer one: it would be taken for the round trip. This is
//!   how BBR finds the minimum round-trip time of a TCP connection (`ProbeRTT` in Cardwell et al.,
//!   "BBR: Congestion-Based Congestion Control", ACM Queue 2016; draft-ietf-ccwg-bbr), and Envoy that
//!   of its gradient controller (`min_rtt_calc_params`). If the latency is as high as before although the limit was lowered twice, the reason is a server
//!   that has become slower and not a queue: the limit gets its value of before back.
//! * **The fading allowance.** The allowance `√limit` lets the limit grow where there is no queue. It
//!   fades from a gradient of 1 to none at 0.95, so that also a small limit settles close above what
//!   the other side works on at once: √16 alone would be a quarter. A limit that has just been lowered
//!   is near that, and takes a part of the allowance first.
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
const PROBING: f64 = 0.86;
/// Below this gradient there is a queue that a measurement would not drain: none begins. After two windows
/// in a row the latency may have another reason than a queue, and one does.
const DOUBTFUL: f64 = 0.8;
/// The part of the latency that is left at least after such windows if no queue was the reason: then the
/// limit was lowered for nothing, and gets its value of before back.
const STILL: f64 = 0.8;
/// The part of the allowance that a limit takes right after it was lowered.
const CAREFUL: f64 = 0.4;
/// The spread from which on one window says little: neither of the two above holds then.
const UNSTEADY: f64 = 0.3;
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
    /// The limit and the round-trip time before the first of them.
    before_doubt: (f64, f64),
    /// Whether they are the reason of the measurement.
    probes_in_doubt: bool,
    /// Whether the last window lowered the limit.
    was_lowered: bool,
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
            before_doubt: (0.0, 0.0),
            probes_in_doubt: false,
            was_lowered: false,
            cut_at: 0,
            told: bounds.first(),
        }
    }

    /// Returns the limit to use now.
    pub(super) fn limit(&self) -> u32 {
        let limit = if self.is_probing {
            whole((self.limit * PROBING).round())
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
        let part = if self.was_lowered { CAREFUL } else { 1.0 };
        let next = self.limit * gradient + self.limit.sqrt() * allowance * part;
        let is_steady = self.spread < UNSTEADY;
        self.was_lowered = is_steady && next < self.limit;
        let is_doubtful = gradient < DOUBTFUL;
        if is_doubtful && self.doubtful == 0 {
            self.before_doubt = (self.limit, window.mean);
        }
        self.move_to(self.limit + (next - self.limit) * SMOOTHING);
        self.doubtful = if is_doubtful { self.doubtful + 1 } else { 0 };
        let is_due = window.now >= self.probe_at && !(is_doubtful && is_steady);
        if is_due || self.doubtful >= 2 {
            self.is_probing = true;
            self.probes_in_doubt = self.doubtful >= 2;
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
        let (limit, round_trip) = self.before_doubt;
        if self.probes_in_doubt && is_higher && short > round_trip * STILL {
            self.move_to(limit);
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
        self.forget_doubt();
        self.move_to(self.limit * CUT);
        true
    }

    /// Goes on from a limit that was set manually, and told.
    pub(super) fn set(&mut self, limit: u32) {
        self.limit = f64::from(limit);
        self.told = limit;
        self.is_probing = false;
        self.forget_doubt();
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

    /// Sees to it that the limit of before the doubt does not come back: there is another reason to leave it.
    fn forget_doubt(&mut self) {
        self.before_doubt.1 = f64::INFINITY;
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A limit of 60 that has measured 50 ms, and measures again when `probe_at` comes.
    fn settled(probe_at: u64) -> Gradient {
        let mut gradient = Gradient::new(AdaptiveLimit::new());
        (gradient.limit, gradient.long) = (60.0, 50.0 * MS as f64);
        gradient.probe_at = probe_at;
        gradient
    }

    /// Forty calls of so many milliseconds, while sixty were inside.
    fn window(latency: u64) -> Window {
        let latency = (latency * MS) >> UNIT;
        Window::of(MS, 40, 40 * latency, 40 * latency * latency, 60)
    }

    #[test]
    fn a_limit_that_was_lowered_for_nothing_comes_back() {
        let mut gradient = settled(u64::MAX);
        gradient.add(&window(100));
        assert!(!gradient.is_probing);
        gradient.add(&window(100));
        assert!(gradient.is_probing && gradient.limit < 30.0);
        // Still as slow with half the calls: it is no queue.
        gradient.add(&window(100));
        assert_eq!((gradient.is_probing, gradient.limit()), (false, 60));
        gradient.add(&window(100));
        assert!(gradient.limit() > 60, "100 ms is what a call takes now");
    }

    #[test]
    fn one_that_a_queue_has_lowered_does_not() {
        let mut gradient = settled(u64::MAX);
        gradient.add(&window(128));
        gradient.add(&window(83));
        gradient.add(&window(57));
        assert!(!gradient.is_probing && gradient.limit < 40.0);
        // Nor does one that refusals from below have cut meanwhile.
        let mut gradient = settled(u64::MAX);
        gradient.add(&window(100));
        assert!(gradient.overloaded(2 * MS, 3 * MS));
        gradient.add(&window(100));
        gradient.add(&window(100));
        assert!(!gradient.is_probing && gradient.limit < 40.0);
    }

    #[test]
    fn no_measurement_begins_beside_a_queue_that_it_would_not_drain() {
        let mut gradient = settled(0);
        gradient.add(&window(70));
        assert!(!gradient.is_probing);
        gradient.add(&window(55));
        assert!(gradient.is_probing);
    }

    #[test]
    fn right_after_it_was_lowered_a_limit_takes_a_part_of_the_allowance() {
        let grown = |lowered: bool| {
            let mut gradient = settled(u64::MAX);
            gradient.was_lowered = lowered;
            gradient.add(&window(50));
            gradient.limit - 60.0
        };
        assert!((grown(true) - grown(false) * CAREFUL).abs() < 1e-9);
    }
}
