//! The last so much time, in ten buckets: calls on a line for each of a few shards, so that threads
//! which all succeed do not fight over one, failures and slow calls on lines of their own.
//!
//! A bucket is a word of tag and count; the tag is the bucket's number on the clock, moved on by 16
//! with each generation, so that a change of state makes all that was counted stale at once.
//! There are 16 words, of which the ten with the latest tags are the window: an outcome is in it
//! until ten more buckets have begun, between 0.9 and 1 window after it came.
//!
//! Adds and reads are `SeqCst`: of a failure and a success on different lines, each of which then
//! looks at the condition, one sees the other. It costs nothing over acquire and release here.
//!
//! A tag that lies ahead means a late writer, or a clock that lags behind another runtime's: the
//! caller reads the clock again, and if it still lags, that clock is taken as the right one.

use std::array;

use super::counted::{Ended, Tally};
use super::rules::Rate;
use super::shard;
use crate::sync::{AtomicU64, Line, Ordering, broken, model_fence};

const SLOTS: usize = 16;
const SLOTS_TAG: u32 = 16;
const BUCKETS: u32 = 10;

type Slots = Line<[AtomicU64; SLOTS]>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Timed {
    /// By shard: tag 32 | calls 32, saturating.
    calls: Box<[Slots]>,
    /// Tag 32 | failures 32, saturating.
    failures: Slots,
    /// Tag 32 | slow calls 32, saturating.
    slow: Slots,
    window: u64,
}

impl Timed {
    pub(crate) fn new(window_ms: u64) -> Self {
        Self::with_shards(window_ms, shard::number())
    }

    /// Calls on so many lines: one is enough where a breaker is one of many, and saves 1 KB.
    pub(crate) fn with_shards(window_ms: u64, shards: usize) -> Self {
        let slots = || Line(array::from_fn(|_| AtomicU64::new(0)));
        Self {
            calls: (0..shards.max(1)).map(|_| slots()).collect(),
            failures: slots(),
            slow: slots(),
            window: window_ms.max(1),
        }
    }

    /// Tags are compared modulo 2³²: what is cut off here is never missed.
    #[expect(clippy::cast_possible_truncation, reason = "modulo 2^32, see above")]
    fn tag(&self, generation: u32, now: u64) -> u32 {
        let bucket = now.saturating_mul(u64::from(BUCKETS)) / self.window;
        (bucket as u32).wrapping_add(generation.wrapping_mul(SLOTS_TAG))
    }

    /// Records an outcome; `None` if it is late. `current` says whether the generation is still in
    /// force, `clock` gives the milliseconds.
    pub(crate) fn record(
        &self,
        generation: u32,
        ended: impl Into<Ended>,
        clock: impl Fn() -> u64,
        current: impl Fn() -> bool,
    ) -> Option<u32> {
        let ended = ended.into();
        let mut tag = self.tag(generation, clock());
        let mut sure = false;
        // The call first, then what it was: who reads in the other order never sees more failures
        // than calls.
        let calls = self.own();
        if !add(calls, tag, sure) {
            if !current() {
                return None;
            }
            sure = true;
            tag = self.tag(generation, clock());
            add(calls, tag, sure);
        }
        if ended.failed {
            add(&self.failures, tag, sure);
        }
        if ended.slow {
            add(&self.slow, tag, sure);
        }
        model_fence();
        Some(tag)
    }

    /// Whether what is in the window at `tag` trips the breaker.
    pub(crate) fn trips(&self, tag: u32, rate: &Rate) -> bool {
        let failures = sum(&self.failures, tag);
        let slow = rate.slow.map_or(0, |_| sum(&self.slow, tag));
        // With fewer calls than there are, the ratio is only higher: what is not reached with these
        // is not reached. In health it ends at the first of them, with one line read.
        let reached = |calls: u64| rate.reached(failures, slow, calls.max(failures).max(slow));
        reached(u64::from(rate.min_calls))
            && reached(sum(self.own(), tag).max(u64::from(rate.min_calls)))
            && reached(self.calls(tag))
    }

    /// The shard of this thread.
    fn own(&self) -> &Slots {
        &self.calls[shard::of_thread() % self.calls.len()]
    }

    fn calls(&self, tag: u32) -> u64 {
        self.calls.iter().map(|shard| sum(shard, tag)).sum()
    }

    /// What is in the window now.
    pub(crate) fn tally(&self, generation: u32, now: u64) -> Tally {
        let tag = self.tag(generation, now);
        let (failures, slow) = (sum(&self.failures, tag), sum(&self.slow, tag));
        Tally {
            calls: self.calls(tag).max(failures).max(slow),
            failures,
            slow,
            settled: false,
        }
    }
}

fn slot(slots: &Slots, tag: u32) -> &AtomicU64 {
    &slots.0[tag as usize % SLOTS]
}

/// Adds one to the bucket of `tag`, in place of an older one. False, and nothing done, if a later
/// bucket is there, unless the caller is sure.
fn add(slots: &Slots, tag: u32, sure: bool) -> bool {
    slot(slots, tag)
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
            let (there, count) = split(word);
            if there == tag {
                Some(u64::from(tag) << 32 | u64::from(count.saturating_add(1)))
            } else if count == 0
                || sure
                || there.wrapping_sub(tag) > u32::MAX / 2
                || broken("bucket_ahead")
            {
                Some(u64::from(tag) << 32 | 1)
            } else {
                None
            }
        })
        .is_ok()
}

/// The sum of the ten buckets that end with `tag`.
fn sum(slots: &Slots, tag: u32) -> u64 {
    slots
        .0
        .iter()
        .map(|s| split(s.load(Ordering::SeqCst)))
        .filter(|(there, _)| tag.wrapping_sub(*there) < BUCKETS)
        .map(|(_, count)| u64::from(count))
        .sum()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of the word"
)]
fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    const ORIGIN: u64 = 1 << 34;

    fn put(w: &Timed, generation: u32, failed: bool, now: u64) -> (u64, u64) {
        assert!(w.record(generation, failed, || now, || true).is_some());
        read(w, generation, now)
    }

    fn read(w: &Timed, generation: u32, now: u64) -> (u64, u64) {
        let t = w.tally(generation, now);
        (t.failures, t.calls)
    }

    /// F04: 5 s, and everything is gone a window later. (There five buckets of a second, whose
    /// border the case looks at; here ten.)
    #[test]
    fn f04_outcomes_leave_within_their_window() {
        let t = ORIGIN.next_multiple_of(500);
        let w = Timed::new(5_000);
        put(&w, 0, true, t);
        put(&w, 0, false, t + 100);
        assert_eq!(put(&w, 0, true, t + 100), (2, 3));
        assert_eq!(read(&w, 0, t + 4_100), (2, 3));
        assert_eq!(read(&w, 0, t + 5_100), (0, 0));
        assert_eq!(put(&w, 0, false, t + 5_200), (0, 1));
        assert_eq!(put(&w, 0, false, t + 10_200), (0, 1));
    }

    /// F05, on borders that both have: the first three leave together.
    #[test]
    fn f05_a_bucket_leaves_as_a_whole() {
        let t = ORIGIN.next_multiple_of(5_000);
        let w = Timed::new(5_000);
        let at = [0, 100, 200, 1_200, 2_200, 3_200, 4_200];
        for (i, after) in at.into_iter().enumerate() {
            let failed = i == 0 || i == 5;
            assert_eq!(put(&w, 0, failed, t + after).1, i as u64 + 1);
        }
        assert_eq!(put(&w, 0, false, t + 5_200), (1, 5));
        assert_eq!(put(&w, 0, false, t + 6_200), (1, 5));
        assert_eq!(put(&w, 0, false, t + 11_200), (0, 1));
    }

    /// F06 (Polly): 10 s in ten buckets, one `[F, S]` or `[S, S]` each 2 s, read after each.
    #[test]
    fn f06_rolling_window_of_ten_buckets() {
        let mut t = ORIGIN.next_multiple_of(10_000);
        let w = Timed::new(10_000);
        let mut seen = Vec::new();
        for failed in [true, true, false, false, false] {
            put(&w, 0, failed, t);
            put(&w, 0, false, t);
            t += 2_000;
            seen.push(read(&w, 0, t));
        }
        assert_eq!(seen, [(1, 2), (2, 4), (2, 6), (2, 8), (1, 8)]);
        assert_eq!(read(&w, 0, t + 2_000), (0, 6));
        assert_eq!(read(&w, 0, t + 20_000), (0, 0));
    }

    /// G04: the oldest of ten buckets is dropped when the eleventh begins.
    #[test]
    fn g04_the_oldest_bucket_goes_with_the_eleventh() {
        let t = ORIGIN.next_multiple_of(30_000);
        let w = Timed::new(30_000);
        for bucket in 0..10 {
            assert_eq!(put(&w, 0, false, t + bucket * 3_000).1, bucket + 1);
        }
        assert_eq!(put(&w, 0, false, t + 30_000).1, 10);
    }

    /// F03, over time: slow S, slow F, S, S, S: two of five were slow, one failed; slow calls leave
    /// with their bucket, and with a change of state.
    #[test]
    fn f03_slow_calls_are_counted_and_leave() {
        let w = Timed::with_shards(5_000, 1);
        let ends = [(false, true), (true, true), (false, false)];
        for (failed, slow) in ends.into_iter().chain([(false, false); 2]) {
            let ended = Ended { failed, slow };
            assert!(w.record(0, ended, || ORIGIN, || true).is_some());
        }
        let t = w.tally(0, ORIGIN);
        assert_eq!((t.calls, t.slow, t.failures), (5, 2, 1));
        let rate = |slow| Rate {
            failed: None,
            slow: Some(slow),
            min_calls: 5,
            window: crate::circuit::rules::Span::Millis(5_000),
        };
        let tag = w.tag(0, ORIGIN);
        assert!(w.trips(tag, &rate(0.4)) && !w.trips(tag, &rate(0.41)));
        assert_eq!(w.tally(0, ORIGIN + 5_000).slow, 0);
        assert_eq!(w.tally(1, ORIGIN).slow, 0);
    }

    #[test]
    fn it_is_the_last_ten_buckets_of_any_window() {
        let mut x = 0x2545_f491_u64;
        for window in [100_u64, 105, 999, 60_000, 3_600_000] {
            let w = Timed::new(window);
            let mut model: VecDeque<(u64, bool)> = VecDeque::new();
            let (mut now, mut generation) = (ORIGIN, 0);
            for _ in 0..5_000 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                now += x % (window / 20).max(2) + if x.is_multiple_of(97) { window } else { 0 };
                if x.is_multiple_of(701) {
                    generation += 1;
                    model.clear();
                }
                let bucket = now * 10 / window;
                model.push_back((bucket, x.is_multiple_of(3)));
                model.retain(|(b, _)| bucket - b < 10);
                let failures = model.iter().filter(|(_, f)| *f).count() as u64;
                let got = put(&w, generation, x.is_multiple_of(3), now);
                assert_eq!(got, (failures, model.len() as u64));
            }
        }
    }

    #[test]
    fn an_outcome_leaves_between_nine_tenths_and_one_window_after_it_came() {
        for offset in 0..1_000 {
            let w = Timed::new(1_000);
            let came = ORIGIN + offset;
            put(&w, 0, true, came);
            assert_eq!(read(&w, 0, came + 900), (1, 1));
            assert_eq!(read(&w, 0, came + 1_000), (0, 0));
        }
    }

    #[test]
    fn a_late_writer_is_dropped_and_a_clock_that_lags_is_believed() {
        let w = Timed::new(1_000);
        put(&w, 3, true, ORIGIN);
        // Late: its generation is over.
        assert_eq!(w.record(2, true, || ORIGIN, || false), None);
        assert_eq!(read(&w, 3, ORIGIN), (1, 1));
        // A day behind, in one generation: another runtime's clock.
        for (i, behind) in (0..10).zip([86_400_000; 10]) {
            put(&w, 3, true, ORIGIN - behind + i * 100);
        }
        assert_eq!(read(&w, 3, ORIGIN - 86_400_000 + 900), (10, 10));
    }

    #[test]
    fn under_threads_no_outcome_is_lost() {
        let w = Timed::new(60_000);
        std::thread::scope(|s| {
            for t in 0..4_u32 {
                let w = &w;
                s.spawn(move || {
                    for i in 0..10_000_u32 {
                        let now = ORIGIN + u64::from(i);
                        w.record(0, i % 4 == t, || now, || true);
                    }
                });
            }
        });
        assert_eq!(read(&w, 0, ORIGIN + 10_000), (10_000, 40_000));
    }
}
