//! A window over the last span of time, in ten buckets. Calls are counted on a cache line for each
//! of a few shards, so that threads that all succeed do not compete for one; failures and slow
//! calls have lines of their own.
//!
//! A bucket is a word of tag and count; the tag is the generation and the bucket's number on the
//! clock, so that a change of state makes all that was counted stale at once. The [`Layout`] of the
//! word is chosen so that no number comes again while the process lives.
//! There are 16 words, of which the ten with the latest tags are the window: an outcome is in it
//! until ten more buckets have begun, between 0.9 and 1 window after it came.
//!
//! Adds and reads are `SeqCst`: if a failure and a success are counted on different lines and both
//! writers then check the condition, one of them sees the other. It costs no more than acquire and
//! release here.
//!
//! The tag of the last failure or slow call is kept too: as long as it is older than the window, a
//! success looks at nothing else.
//!
//! A writer that finds a later tag than its own is late, or its clock lags behind another
//! runtime's. It reads its clock again. If the tag found is still the later one, the writer's clock
//! is taken as the right one, and its tag replaces the later one.

use std::array;

use super::divisor::Divisor;
use super::sample::{Sample, Tally};
use crate::circuit::rules::Rate;
use crate::circuit::word::UNTIL_MAX;
use crate::shard;
use crate::sync::{AtomicU64, Line, Ordering, broken, model_fence};

const SLOTS: usize = 16;
const BUCKETS: u64 = 10;

type Slots = Line<[AtomicU64; SLOTS]>;

/// A window over the last so much time.
#[derive(Debug)]
pub(crate) struct TimedWindow {
    /// Calls, by shard.
    calls: Box<[Slots]>,
    failures: Slots,
    /// Slow calls.
    slow: Slots,
    /// The tag of the last bucket in which a call failed or was slow; 0 before.
    latest: AtomicU64,
    window: Divisor,
    layout: Layout,
}

/// The fields of a word: generation, modulo 2¹⁰ | bucket | count, saturating.
///
/// The bucket has as many bits as the number of buckets up to [`UNTIL_MAX`] needs: 36 for buckets
/// of 10 ms. The count has the bits that are left: enough for sixteen million calls a second on
/// each line, however long the buckets are.
#[derive(Debug, Clone, Copy)]
struct Layout {
    count_bits: u32,
    /// The lowest bit of the bucket: multiplying by it costs less than a shift.
    bucket: u64,
}

impl Layout {
    const GENERATION_SHIFT: u32 = 54;

    const fn of_window(ms: u64) -> Self {
        let buckets = UNTIL_MAX * BUCKETS / ms;
        let count_bits = Self::GENERATION_SHIFT - (u64::BITS - buckets.leading_zeros());
        Self {
            count_bits,
            bucket: 1 << count_bits,
        }
    }

    /// Returns a tag at its place in the word, so that arithmetic on it wraps around by itself.
    fn tag(self, generation: u32, bucket: u64) -> u64 {
        let generation = u64::from(generation) << Self::GENERATION_SHIFT;
        generation.wrapping_add(bucket.wrapping_mul(self.bucket))
    }

    /// Returns the mask of the count.
    const fn counts(self) -> u64 {
        self.bucket - 1
    }

    /// Returns the word of `tag` with one more than `count`.
    fn one_more(self, tag: u64, count: u64) -> u64 {
        tag | (count + 1).min(self.counts())
    }

    /// Returns how much later `tag` is than the tag of `word`, wrapping around: more than half of
    /// all numbers if it is earlier.
    const fn since(self, word: u64, tag: u64) -> u64 {
        tag.wrapping_sub(word & !self.counts())
    }

    fn slot(self, slots: &Slots, tag: u64) -> &AtomicU64 {
        #[expect(clippy::cast_possible_truncation, reason = "modulo 16")]
        let bucket = (tag >> self.count_bits) as usize;
        &slots.0[bucket % SLOTS]
    }
}

impl TimedWindow {
    pub(crate) fn new(window_ms: u64) -> Self {
        Self::with_shards(window_ms, shard::NUMBER)
    }

    /// Creates a window of `window_ms` with that many shards, rounded up to a power of two. One shard
    /// is enough for the breaker of a key, and saves 1 KB.
    pub(crate) fn with_shards(window_ms: u64, shards: usize) -> Self {
        let window = window_ms.max(1);
        let slots = || Line(array::from_fn(|_| AtomicU64::new(0)));
        Self {
            calls: (0..shards.next_power_of_two()).map(|_| slots()).collect(),
            failures: slots(),
            slow: slots(),
            latest: AtomicU64::new(0),
            window: Divisor::new(window),
            layout: Layout::of_window(window),
        }
    }

    fn tag(&self, generation: u32, now: u64) -> u64 {
        let bucket = self.window.divide(now.saturating_mul(BUCKETS));
        self.layout.tag(generation, bucket)
    }

    /// Records an outcome and returns its tag; `None` if it is late. `current` returns whether the
    /// generation is still in force, `clock` the time in milliseconds.
    pub(crate) fn record(
        &self,
        generation: u32,
        sample: impl Into<Sample>,
        clock: impl Fn() -> u64,
        current: impl Fn() -> bool,
    ) -> Option<u64> {
        let sample = sample.into();
        let mut put = Put {
            tag: self.tag(generation, clock()),
            again: || current().then(|| self.tag(generation, clock())),
        };
        // The call first, then its kind: a reader in the other order never sees more failures than
        // calls.
        if !put.by(|tag, sure| self.add(self.own(), tag, sure)) {
            return None;
        }
        let late = broken("noted_before_look");
        if sample != Sample::default() {
            let is_put = (!sample.failed
                || put.by(|tag, sure| self.add(&self.failures, tag, sure)))
                && (!sample.slow || put.by(|tag, sure| self.add(&self.slow, tag, sure)))
                && (late || put.by(|tag, sure| self.note(tag, sure)));
            if !is_put {
                return None;
            }
        }
        model_fence();
        if late && sample != Sample::default() {
            self.note(put.tag, true);
        }
        Some(put.tag)
    }

    /// Records a quick success where the bucket of this thread is the one of `now`, and returns its
    /// tag; `None` if there is more to do, and nothing is recorded.
    #[inline(always)]
    pub(crate) fn record_success(&self, generation: u32, now: u64) -> Option<u64> {
        let (layout, tag) = (self.layout, self.tag(generation, now));
        let slot = layout.slot(self.own(), tag);
        let seen = slot.load(Ordering::SeqCst);
        // Within the bucket, and short of its end, one more is one more.
        let count = seen.wrapping_sub(tag);
        let is_put = count < layout.counts()
            && slot
                .compare_exchange(seen, seen + 1, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok();
        is_put.then(|| {
            model_fence();
            tag
        })
    }

    /// Returns whether nothing in the window at `tag` failed or was slow, so that a quick success
    /// does not open the breaker. It may return false where that is so.
    #[inline(always)]
    pub(crate) fn is_clean(&self, tag: u64) -> bool {
        let since = tag.wrapping_sub(self.latest.load(Ordering::SeqCst));
        since >= BUCKETS * self.layout.bucket && since <= u64::MAX / 2
    }

    /// Returns whether the counts of the window at `tag` open the breaker.
    pub(crate) fn trips(&self, tag: u64, rate: &Rate) -> bool {
        let failures = self.sum(&self.failures, tag);
        let slow = rate.slow.map_or(0, |_| self.sum(&self.slow, tag));
        // With fewer calls than there are, the ratio only comes out higher: if it is not reached
        // with these, it is not reached at all. As long as all is well, the first check returns
        // false, with one line read.
        let reached = |calls: u64| rate.reached(failures, slow, calls.max(failures).max(slow));
        reached(u64::from(rate.min_calls))
            && reached(self.sum(self.own(), tag).max(u64::from(rate.min_calls)))
            && reached(self.calls(tag))
    }

    /// Returns the shard of this thread.
    fn own(&self) -> &Slots {
        // As many as a power of two: no division.
        &self.calls[shard::of_thread() & (self.calls.len() - 1)]
    }

    fn calls(&self, tag: u64) -> u64 {
        self.calls.iter().map(|shard| self.sum(shard, tag)).sum()
    }

    /// Returns the counts of the window now.
    pub(crate) fn tally(&self, generation: u32, now: u64) -> Tally {
        let tag = self.tag(generation, now);
        let (failures, slow) = (self.sum(&self.failures, tag), self.sum(&self.slow, tag));
        Tally {
            calls: self.calls(tag).max(failures).max(slow),
            failures,
            slow,
            settled: false,
        }
    }

    /// Adds one to the bucket of `tag`, in place of an older bucket. If a later one is there, it
    /// does nothing and returns false, unless the caller is `sure` of the tag.
    fn add(&self, slots: &Slots, tag: u64, sure: bool) -> bool {
        let layout = self.layout;
        layout
            .slot(slots, tag)
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
                let (since, count) = (layout.since(word, tag), word & layout.counts());
                if since == 0 {
                    Some(layout.one_more(tag, count))
                } else if count == 0 || sure || since <= u64::MAX / 2 || broken("bucket_ahead") {
                    Some(layout.one_more(tag, 0))
                } else {
                    None
                }
            })
            .is_ok()
    }

    /// Notes that a call failed or was slow in the bucket of `tag`. If a later one is noted, it does
    /// nothing and returns false, unless the caller is `sure` of the tag.
    fn note(&self, tag: u64, sure: bool) -> bool {
        let mut latest = self.latest.load(Ordering::SeqCst);
        while latest != tag {
            if !sure && tag.wrapping_sub(latest) > u64::MAX / 2 {
                return false;
            }
            let noted =
                self.latest
                    .compare_exchange(latest, tag, Ordering::SeqCst, Ordering::SeqCst);
            match noted {
                Ok(_) => break,
                Err(now) => latest = now,
            }
        }
        true
    }

    /// Returns the sum of the ten buckets that end with `tag`.
    fn sum(&self, slots: &Slots, tag: u64) -> u64 {
        let layout = self.layout;
        let (window, counts) = (BUCKETS * layout.bucket, layout.counts());
        slots
            .0
            .iter()
            .map(|slot| slot.load(Ordering::SeqCst))
            .filter(|word| layout.since(*word, tag) < window)
            .map(|word| word & counts)
            .sum()
    }
}

/// Writes of one outcome, all under one tag: see the [module](self) for what happens where a later one
/// is found.
struct Put<A> {
    tag: u64,
    /// Returns the tag by another look at the clock; `None` if the outcome is late.
    again: A,
}

impl<A: Fn() -> Option<u64>> Put<A> {
    /// Writes by `write`, which returns false if it finds a later tag and is not sure of its own.
    /// Returns false if the outcome is late.
    #[inline(always)]
    fn by(&mut self, write: impl Fn(u64, bool) -> bool) -> bool {
        write(self.tag, false) || self.by_again(write)
    }

    #[cold]
    fn by_again(&mut self, write: impl Fn(u64, bool) -> bool) -> bool {
        let Some(tag) = (self.again)() else {
            return false;
        };
        self.tag = tag;
        write(tag, true)
    }
}

#[cfg(test)]
mod tests;
