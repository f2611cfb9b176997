//! How long an endpoint takes to answer: a moving average that follows a peak at once.
//!
//! The formula is that of Finagle's `PeakEwma` and of `tower::load::PeakEwma`, which is derived from it. An
//! answer that took longer than the estimate becomes the estimate. One that took less pulls it down, by the
//! time since the last answer: `estimate * w + took * (1 - w)`, where `w = exp(-elapsed / decay)`. A choice sees
//! it decayed towards zero since the last answer, so an endpoint that was slow is asked again in time, and
//! multiplies it with the requests that would be pending.
//!
//! tower's own type wraps a `Service` and locks a mutex for each look. Here the estimate and its time are one
//! word, so that a look is one load and an answer is one compare-exchange. Two more differences: a look does
//! not store the decay, which would let a loaded endpoint's estimate sink between its answers; and before the
//! first answer an endpoint costs nothing while nothing is pending there, and more than any other while
//! something is (as in Finagle), so that an unknown one is first asked once.
//!
//! A request that nobody waits for any more, as of a caller that went or of a hedge that was slower, says that an
//! answer takes longer than that, and no more. Without it an endpoint that is slower than anybody's patience would
//! never be known, and cost nothing. tower counts such a request as an answer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resil_runtime::clock;

/// The cost of an endpoint that has not answered yet, per request that is pending there: about nine hours of
/// waiting. Finagle calls it the penalty.
const UNKNOWN: f32 = 3.2e13;

/// The longest estimate, in nanoseconds: a minute. Failures can't drive it further.
const LONGEST: f32 = 6e10;

/// An answer that failed counts as one that took this many times the estimate.
const FAILED: f32 = 2.0;

/// What a failure counts as where nothing has answered yet, in nanoseconds: tower's default of a second.
const FAILED_UNKNOWN: f32 = 1e9;

/// The unit of the time in the word: 65,536 ns. 32 bits of it are 78 hours; an endpoint that answers for the
/// first time after exactly that long is taken for one that has just answered.
const TIME_SHIFT: u32 = 16;

/// The estimate and the time of the last answer, in one word. Zero is an endpoint that has not answered. Below zero
/// is one that has not answered either, within that time.
#[derive(Debug, Default)]
pub(super) struct PeakEwma(AtomicU64);

/// The time over which an estimate decays, ready for use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decay {
    /// `-1 / decay`, per unit of the time in the word.
    rate: f32,
}

impl Decay {
    pub(super) fn over(time: Duration) -> Self {
        let nanos = clock::nanos(time).max(1) as f32;
        Self {
            rate: -((1_u64 << TIME_SHIFT) as f32) / nanos,
        }
    }

    /// Returns the weight of what was known before `elapsed`.
    fn weight(self, elapsed: u32) -> f32 {
        (self.rate * elapsed as f32).exp()
    }
}

/// Returns the cost of an endpoint that has not answered yet, where `pending` requests wait for that.
fn unknown(pending: u32) -> f32 {
    UNKNOWN + pending as f32 * (UNKNOWN / 1e6)
}

fn packed(estimate: f32, at: u32) -> u64 {
    u64::from(estimate.to_bits()) << 32 | u64::from(at)
}

#[expect(clippy::cast_possible_truncation, reason = "the word has two halves")]
fn unpacked(word: u64) -> (f32, u32) {
    (f32::from_bits((word >> 32) as u32), word as u32)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times wrap, and so do their differences"
)]
fn unit(now_ns: u64) -> u32 {
    (now_ns >> TIME_SHIFT) as u32
}

impl PeakEwma {
    /// Returns what another request would cost, with `pending` under way.
    pub(super) fn cost(&self, pending: u32, decay: Decay, now_ns: u64) -> f32 {
        let word = self.0.load(Relaxed);
        if word == 0 {
            return if pending == 0 { 0.0 } else { unknown(pending) };
        }
        let (estimate, at) = unpacked(word);
        if estimate < 0.0 && pending > 0 {
            return unknown(pending);
        }
        estimate.abs() * decay.weight(unit(now_ns).wrapping_sub(at)) * (pending as f32 + 1.0)
    }

    /// Returns the estimate as it is seen at `now_ns`; `None` before the first answer.
    pub(super) fn estimate(&self, decay: Decay, now_ns: u64) -> Option<Duration> {
        let (estimate, at) = unpacked(self.0.load(Relaxed));
        (estimate > 0.0).then(|| {
            let seen = estimate * decay.weight(unit(now_ns).wrapping_sub(at));
            Duration::from_secs_f32((seen / 1e9).clamp(0.0, 60.0))
        })
    }

    /// Forgets all answers.
    pub(super) fn forget(&self) {
        self.0.store(0, Relaxed);
    }

    /// Counts an answer that took `took_ns`.
    pub(super) fn answered(&self, took_ns: u64, decay: Decay, now_ns: u64) {
        let took = took_ns as f32;
        self.update(now_ns, |known, elapsed| match known {
            Some(estimate) if took < estimate => {
                let weight = decay.weight(elapsed);
                estimate * weight + took * (1.0 - weight)
            }
            _ => took,
        });
    }

    /// Counts a failure that took `took_ns`: one that is quick must not make an endpoint look quick.
    pub(super) fn failed(&self, took_ns: u64, now_ns: u64) {
        let took = took_ns as f32;
        self.update(now_ns, |known, _| {
            let slow = known.map_or(FAILED_UNKNOWN, |estimate| estimate * FAILED);
            took.max(slow)
        });
    }

    /// Counts a request that has had no answer within `took_ns`, and will have none: nobody waits for it.
    pub(super) fn given_up(&self, took_ns: u64, now_ns: u64) {
        let took = (took_ns as f32).clamp(1.0, LONGEST);
        let now = unit(now_ns);
        let _ = self.0.fetch_update(Relaxed, Relaxed, |word| {
            let (estimate, _) = unpacked(word);
            let sign = if estimate > 0.0 { 1.0 } else { -1.0 };
            (took > estimate.abs()).then(|| packed(took * sign, now))
        });
    }

    fn update(&self, now_ns: u64, next: impl Fn(Option<f32>, u32) -> f32) {
        let now = unit(now_ns);
        let _ = self.0.fetch_update(Relaxed, Relaxed, |word| {
            let (estimate, at) = unpacked(word);
            let known = (estimate > 0.0).then_some(estimate);
            let next = next(known, now.wrapping_sub(at)).clamp(1.0, LONGEST);
            Some(packed(next, now))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    /// Some time, which is none of the first.
    const T0: u64 = 1 << 60;

    fn decay() -> Decay {
        Decay::over(Duration::from_secs(10))
    }

    /// Returns whether two numbers are one but for the rounding of 32 bits, and of the unit of time.
    fn near(a: f32, b: f64) -> bool {
        (f64::from(a) - b).abs() <= b * 1e-4
    }

    /// The formula in double precision, from the sources that are named above.
    #[test]
    fn the_cost_is_that_of_finagle_and_tower() {
        let ewma = PeakEwma::default();
        let (mut estimate, mut at) = (0.0_f64, T0);
        // Milliseconds until the answer, and for how long it took.
        for (after, took) in [
            (0, 100),
            (50, 10),
            (1_000, 10),
            (5_000, 300),
            (20_000, 5),
            (1, 5),
            (9_999, 250),
        ] {
            let now = at + after * MS;
            let took_ns = (took * MS) as f64;
            let elapsed = (now - at) as f64;
            estimate = if took_ns > estimate {
                took_ns
            } else {
                let weight = (-elapsed / 1e10).exp();
                estimate * weight + took_ns * (1.0 - weight)
            };
            at = now;
            ewma.answered(took * MS, decay(), now);
            for (later, pending) in [(0, 0), (0, 3), (700, 0), (15_000, 9)] {
                let seen =
                    estimate * (-((later * MS) as f64) / 1e10).exp() * f64::from(pending + 1);
                let cost = ewma.cost(pending, decay(), now + later * MS);
                assert!(near(cost, seen), "{took} ms: {cost} is not {seen}");
            }
        }
    }

    #[test]
    fn an_unknown_one_is_asked_once_and_then_last() {
        let (unknown, slow) = (PeakEwma::default(), PeakEwma::default());
        slow.answered(60_000 * MS, decay(), T0);
        assert!(unknown.cost(0, decay(), T0) < slow.cost(0, decay(), T0 + 60_000 * MS));
        assert!(unknown.cost(1, decay(), T0) > slow.cost(500, decay(), T0));
        assert!(unknown.cost(2, decay(), T0) > unknown.cost(1, decay(), T0));
        assert_eq!(unknown.estimate(decay(), T0), None);
    }

    #[test]
    fn failures_double_the_estimate_up_to_a_minute() {
        let ewma = PeakEwma::default();
        let estimate = || ewma.estimate(decay(), T0).unwrap().as_millis();
        ewma.failed(0, T0);
        assert_eq!(estimate(), 1_000, "nothing is known");
        ewma.answered(0, decay(), T0 + 1);
        assert_eq!(estimate(), 1_000, "no time has passed since");
        ewma.failed(0, T0);
        assert_eq!(estimate(), 2_000);
        ewma.failed(7_000 * MS, T0);
        assert_eq!(estimate(), 7_000, "it took longer than that");
        (0..100).for_each(|_| ewma.failed(0, T0));
        assert_eq!(estimate(), 60_000);
        ewma.forget();
        assert_eq!(ewma.estimate(decay(), T0), None);
    }

    #[test]
    fn what_was_given_up_takes_longer_than_that_and_no_more_is_known() {
        let ewma = PeakEwma::default();
        let cost = |pending| ewma.cost(pending, decay(), T0);
        ewma.given_up(50 * MS, T0);
        assert_eq!(ewma.estimate(decay(), T0), None, "it has not answered");
        assert!(near(cost(0), (50 * MS) as f64));
        assert!(cost(1) > 1e13, "one at a time asks it");
        ewma.given_up(20 * MS, T0);
        assert!(near(cost(0), (50 * MS) as f64), "nothing new");
        ewma.given_up(80 * MS, T0);
        assert!(near(cost(0), (80 * MS) as f64));
        ewma.answered(5 * MS, decay(), T0);
        assert!(near(cost(1), (10 * MS) as f64), "it is known by its answer");
        ewma.given_up(4 * MS, T0);
        assert!(near(cost(0), (5 * MS) as f64));
        ewma.given_up(70 * MS, T0);
        assert!(near(cost(1), (140 * MS) as f64));
        ewma.forget();
        ewma.given_up(50 * MS, T0);
        ewma.failed(0, T0);
        assert!(near(cost(0), 1e9), "as one of which nothing is known");
    }

    #[test]
    fn no_time_makes_a_number_that_is_none() {
        let decays = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];
        for decay in decays.map(Decay::over) {
            for took in [0, 1, MS, u64::MAX] {
                let ewma = PeakEwma::default();
                ewma.answered(took, decay, u64::MAX);
                ewma.answered(took / 2, decay, 0);
                ewma.given_up(took, 2);
                ewma.failed(took, 1);
                let cost = ewma.cost(u32::MAX, decay, u64::MAX / 2);
                assert!(cost.is_finite() && cost >= 0.0, "{cost}");
                assert!(ewma.estimate(decay, u64::MAX / 2).unwrap() <= Duration::from_secs(60));
            }
        }
    }
}
