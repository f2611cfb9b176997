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

/// The estimate and the time of the last answer, in one word. Zero is an endpoint that has not answered.
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
            return if pending == 0 {
                0.0
            } else {
                UNKNOWN + pending as f32 * (UNKNOWN / 1e6)
            };
        }
        let (estimate, at) = unpacked(word);
        estimate * decay.weight(unit(now_ns).wrapping_sub(at)) * (pending as f32 + 1.0)
    }

    /// Returns the estimate as it is seen at `now_ns`; `None` before the first answer.
    pub(super) fn estimate(&self, decay: Decay, now_ns: u64) -> Option<Duration> {
        let word = self.0.load(Relaxed);
        (word != 0).then(|| {
            let (estimate, at) = unpacked(word);
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

    fn update(&self, now_ns: u64, next: impl Fn(Option<f32>, u32) -> f32) {
        let now = unit(now_ns);
        let _ = self.0.fetch_update(Relaxed, Relaxed, |word| {
            let (estimate, at) = unpacked(word);
            let known = (word != 0).then_some(estimate);
            let next = next(known, now.wrapping_sub(at)).clamp(1.0, LONGEST);
            Some(packed(next, now))
        });
    }
}
