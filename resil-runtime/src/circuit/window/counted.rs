//! A window over the last N calls, exactly: a count word on a cache line of its own, and a ring of
//! two bits for each call, one set for a failure and one for a slow call.
//!
//! Each recorded outcome takes a sequence number with one `fetch_add`, swaps its bits into the
//! ring, and moves the counts by the difference between the bits it put and those it found. So the
//! counts do not drift if writers lap each other: they always equal the set bits. A quick success
//! does not change a full window in which nothing failed or was slow; the breaker then does not
//! record it at all (see `record_successes` in the state word).
//!
//! The first writer of a generation begins it: count and ring carry its number, and a word with
//! another number counts as nothing. A writer that finds another number checks whether it is itself
//! late: if its generation is still in force *after* the word was read, the word is an old one.
//!
//! Known and harmless: a failure that one writer pushes out stays in the count until that writer
//! has taken it out, and a failure that comes in meanwhile is counted beside it. So with n writers
//! at once a breaker may open up to n - 1 failures early, on failures that all did happen; with one
//! writer it is exact.
//!
//! Known and harmless: a writer that is suspended for a whole opening and recovery, between reading
//! the state word, or the count word, and its `fetch_add`, takes a number of the new window and leaves
//! the bits of that call as they were, as if a success had been recorded there.
//!
//! As long as something in a full window failed or was slow, most outcomes are quick successes in the
//! place of others. They are recorded by their number alone: one `fetch_add`, and a look at the ring.
//! Of a window that is found clean they tell the breaker, as any other success does.

use super::sample::{Sample, Tally};
use crate::sync::{AtomicU64, Line, Ordering, broken};

/// Generation 18 | failures + [`BIAS`] 15 | slow + [`BIAS`] 15 | sequence 16.
#[derive(Debug)]
pub(crate) struct CountedWindow {
    count: Line<AtomicU64>,
    /// Generation 32 | two bits for each of 16 calls: failed, slow.
    ring: Box<[AtomicU64]>,
    calls: u32,
    /// 2³² / calls, rounded up: [`slot`](Self::slot) multiplies by it where it would divide.
    reciprocal: u64,
}

const SEQUENCE: u64 = (1 << 16) - 1;
const SLOW: u64 = 1 << 16;
const FAILURE: u64 = 1 << 31;
const GENERATION_SHIFT: u32 = 46;
/// The mask of each of the two counts: room for the longest window, and for [`BIAS`] on both sides.
const FIELD: u64 = (1 << 15) - 1;
/// The number that is added to each count. A writer may take a failure out before the writer that
/// put it in has counted it. The count is then below zero for a moment, which must not borrow from
/// its neighbour. To get below this number, more threads than that would have to be at that very
/// point.
const BIAS: u64 = 1 << 13;
/// The sequence number, above two of the longest windows, from which on sequence numbers are
/// lowered again. For them to overflow, as many writers again would have to be suspended at that
/// moment.
const HIGH: u64 = 1 << 15;
/// The number of calls in a word of the ring.
const CALLS: u64 = 16;

const fn begin(generation: u32) -> u64 {
    ((generation as u64) << GENERATION_SHIFT) + BIAS * FAILURE + BIAS * SLOW
}

/// Returns the amount that a call adds to the count word.
fn weight(sample: Sample) -> u64 {
    u64::from(sample.failed) * FAILURE + u64::from(sample.slow) * SLOW
}

impl CountedWindow {
    pub(crate) fn new(calls: u32) -> Self {
        let calls = calls.max(1);
        Self {
            count: Line(AtomicU64::new(begin(0))),
            ring: (0..u64::from(calls).div_ceil(CALLS))
                .map(|_| AtomicU64::new(0))
                .collect(),
            calls,
            reciprocal: (1_u64 << 32).div_ceil(u64::from(calls)),
        }
    }

    /// Takes a sequence number, of whatever generation the count is. A caller that does not go on
    /// with it leaves the bits of that call as they were.
    #[inline(always)]
    pub(crate) fn take(&self) -> u64 {
        let count = &self.count.0;
        // Not a compare-and-swap, nor a load before: both would miss the line twice under contention.
        if broken("number_in_one") {
            let taken = count.load(Ordering::Acquire);
            count.store(taken + 1, Ordering::Release);
            taken
        } else {
            count.fetch_add(1, Ordering::AcqRel)
        }
    }

    /// Returns whether a quick success of `generation` that has `taken` a number is recorded by that:
    /// the window is full, something in it failed or was slow, but not the call whose place it takes.
    ///
    /// Then the counts need not be looked at. They are what they were, and the rates with them, as
    /// calls that are more than the window holds do not count.
    #[inline(always)]
    pub(crate) fn is_recorded_by(&self, taken: u64, generation: u32) -> bool {
        let (sequence, calls) = (taken & SEQUENCE, u64::from(self.calls));
        let differs = (taken ^ begin(generation)) & !SEQUENCE;
        let is_of = differs < 1 << GENERATION_SHIFT;
        let is_full = sequence >= calls && sequence < HIGH;
        if !(is_of && is_full && (differs != 0 || broken("settled_success"))) {
            return false;
        }
        let slot = self.slot(sequence);
        let Some(word) = self.word(slot) else {
            return false;
        };
        let seen = word.load(Ordering::Acquire);
        let bits = (seen >> place(slot)) & 0b11;
        seen >> 32 == u64::from(generation) && bits == 0
    }

    /// Records an outcome that has `taken` a number.
    pub(crate) fn record_taken(
        &self,
        taken: u64,
        generation: u32,
        sample: Sample,
        current: impl Fn() -> bool + Copy,
    ) -> Option<Tally> {
        if is_of(taken, generation) {
            self.put(taken, generation, sample, current)
        } else {
            self.record(generation, sample, current)
        }
    }

    /// Records an outcome of `generation` and returns the counts after it; `None` if that
    /// generation is over. `current` returns whether it is still in force.
    pub(crate) fn record(
        &self,
        generation: u32,
        sample: impl Into<Sample>,
        current: impl Fn() -> bool + Copy,
    ) -> Option<Tally> {
        let sample = sample.into();
        let count = &self.count.0;
        let mut seen = count.load(Ordering::Acquire);
        while !is_of(seen, generation) {
            if !current() {
                return None;
            }
            match count.compare_exchange(
                seen,
                begin(generation),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    self.refresh(generation, current);
                    break;
                }
                Err(now) => seen = now,
            }
        }
        let taken = self.take();
        if !is_of(taken, generation) {
            return None;
        }
        self.put(taken, generation, sample, current)
    }

    /// Puts an outcome in the place of the number that it has `taken`.
    fn put(
        &self,
        taken: u64,
        generation: u32,
        sample: Sample,
        current: impl Fn() -> bool,
    ) -> Option<Tally> {
        if taken & SEQUENCE >= HIGH {
            self.renumber(generation);
        }
        let was = self.swap(taken & SEQUENCE, generation, sample, current)?;
        if was != sample {
            self.move_counts(generation, was, sample)?;
        }
        self.tally(generation)
    }

    /// Replaces `was` by `now` in the counts, unless another generation has begun, whose counts
    /// would keep the difference for ever.
    fn move_counts(&self, generation: u32, was: Sample, now: Sample) -> Option<()> {
        self.count
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |c| {
                (is_of(c, generation) || broken("failures_generation"))
                    .then(|| c + weight(now) - weight(was))
            })
            .ok()
            .map(drop)
    }

    /// Writes the bits of call number `sequence` and returns those that were there.
    fn swap(
        &self,
        sequence: u64,
        generation: u32,
        sample: Sample,
        current: impl Fn() -> bool,
    ) -> Option<Sample> {
        let slot = self.slot(sequence);
        let (word, place) = (self.word(slot)?, place(slot));
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let kept = if seen >> 32 == u64::from(generation) {
                seen
            } else if current() || broken("ring_current") {
                u64::from(generation) << 32
            } else {
                return None;
            };
            let put = kept & !(0b11 << place) | sample.bits() << place;
            if put == seen {
                return Some(sample);
            }
            match word.compare_exchange_weak(seen, put, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(Sample::of_bits(kept >> place)),
                Err(now) => seen = now,
            }
        }
    }

    /// Returns the place in the ring of call number `sequence`: the remainder by the calls.
    #[inline(always)]
    fn slot(&self, sequence: u64) -> u64 {
        // Exact, as a sequence number has 16 bits, and the calls have 14.
        sequence - ((sequence * self.reciprocal) >> 32) * u64::from(self.calls)
    }

    /// Returns the word of the ring with that slot.
    #[inline(always)]
    fn word(&self, slot: u64) -> Option<&AtomicU64> {
        self.ring.get(usize::try_from(slot / CALLS).ok()?)
    }

    /// Brings one word of the ring to `generation`.
    ///
    /// Generations are numbered modulo 2¹⁸. With a small `min_calls` the breaker may open, time and
    /// again, before it has written to some word. Such a word must not be taken for a current one
    /// when its old number comes again.
    fn refresh(&self, generation: u32, current: impl Fn() -> bool) {
        // A different word each time, whatever the step from one generation to the next is
        // (Fibonacci hashing: 2³² divided by the golden ratio).
        let any = generation.wrapping_mul(0x9e37_79b1) >> 8;
        let Some(word) = self.ring.get(any as usize % self.ring.len()) else {
            return;
        };
        let seen = word.load(Ordering::Acquire);
        if seen >> 32 != u64::from(generation) && current() {
            let begun = u64::from(generation) << 32;
            let _ = word.compare_exchange(seen, begun, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Returns the counts of the window of `generation`; `None` if another one has begun.
    pub(crate) fn tally(&self, generation: u32) -> Option<Tally> {
        let count = self.count.0.load(Ordering::Acquire);
        is_of(count, generation).then(|| {
            let full = u64::from(self.calls);
            let calls = (count & SEQUENCE).min(full);
            let (failures, slow) = ((count / FAILURE) & FIELD, (count / SLOW) & FIELD);
            Tally {
                calls,
                failures: failures.saturating_sub(BIAS).min(calls),
                slow: slow.saturating_sub(BIAS).min(calls),
                settled: calls == full && failures == BIAS && slow == BIAS,
            }
        })
    }

    /// Lowers the sequence by whole windows: places in the ring stay, and a full window stays full.
    #[cold]
    fn renumber(&self, generation: u32) {
        let full = u64::from(self.calls);
        let _ = self
            .count
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |c| {
                let sequence = c & SEQUENCE;
                (is_of(c, generation) && sequence >= HIGH).then(|| c - (sequence / full - 1) * full)
            });
    }
}

fn is_of(count: u64, generation: u32) -> bool {
    count >> GENERATION_SHIFT == u64::from(generation)
}

/// Returns the lowest bit of a slot in its word of the ring.
const fn place(slot: u64) -> u64 {
    slot % CALLS * 2
}

#[cfg(any(test, loom))]
impl CountedWindow {
    /// Returns the failures in the ring.
    pub(crate) fn set_bits(&self, generation: u32) -> u64 {
        self.set(generation, 0x5555_5555)
    }

    /// Returns the slow calls in the ring.
    pub(crate) fn slow_bits(&self, generation: u32) -> u64 {
        self.set(generation, 0xaaaa_aaaa)
    }

    fn set(&self, generation: u32, which: u64) -> u64 {
        self.ring
            .iter()
            .map(|word| word.load(Ordering::SeqCst))
            .filter(|word| word >> 32 == u64::from(generation))
            .map(|word| u64::from((word & which).count_ones()))
            .sum()
    }
}

#[cfg(test)]
mod tests;
