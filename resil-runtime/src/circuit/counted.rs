//! The last N calls, exactly: a count word on a line of its own, and a ring of one bit a call.
//!
//! Each recorded outcome takes a sequence number with one `fetch_add`, swaps its bit into the ring,
//! and moves the failures by what it put less what it found: so writers that lap each other never
//! drift, and the failures are always the set bits. A full window without a failure is not changed
//! by a success; the breaker then does not come here at all (see `noisy` in the state word).
//!
//! A generation is begun by whoever records in it first: count and ring carry its number, and what
//! bears another one counts as nothing. Who finds another number asks whether it is itself late;
//! if the generation is still in force *after* the word was read, the word is an old one.
//!
//! Known and harmless: a failure that one writer pushes out stands in the count until that writer
//! has taken it out, and a failure that comes in meanwhile stands beside it. So with n writers at
//! once a breaker may trip up to n - 1 failures early, on failures that all did happen; with one
//! it is exact.
//!
//! Known and harmless: a writer that sleeps through a whole trip and recovery between its look at
//! the count word and its `fetch_add` takes a number of the new window and leaves that call's bit
//! as it was, as if a success had been recorded there.

use crate::sync::{AtomicU64, Line, Ordering, broken};

/// Generation 18 | failures + [`BIAS`] 16 | sequence 30.
#[derive(Debug)]
pub(crate) struct Counted {
    count: Line<AtomicU64>,
    /// Generation 32 | one bit for each of 32 calls, set for a failure.
    ring: Box<[AtomicU64]>,
    calls: u32,
}

/// What is in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    /// Nothing that a success would change: it is full, and no failure is in it.
    pub(crate) settled: bool,
}

const SEQUENCE: u64 = (1 << 30) - 1;
const FAILURE: u64 = 1 << 30;
const GENERATION_SHIFT: u32 = 46;
/// A writer may take a failure out before the one who put it there has counted it: the failures
/// then pass below zero for a moment, which must not borrow from the generation.
const BIAS: u64 = 1 << 14;
/// Sequence numbers are brought down again from here; as many writers again would have to sleep at
/// that moment before they ran over.
const HIGH: u64 = 1 << 29;

const fn begin(generation: u32) -> u64 {
    (generation as u64) << GENERATION_SHIFT | BIAS << 30
}

impl Counted {
    pub(crate) fn new(calls: u32) -> Self {
        let calls = calls.max(1);
        Self {
            count: Line(AtomicU64::new(begin(0))),
            ring: (0..calls.div_ceil(32)).map(|_| AtomicU64::new(0)).collect(),
            calls,
        }
    }

    /// Records an outcome of `generation` and says what is in the window then; `None` if that
    /// generation is over. `current` says whether it is still in force.
    pub(crate) fn record(
        &self,
        generation: u32,
        failed: bool,
        current: impl Fn() -> bool + Copy,
    ) -> Option<Tally> {
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
        // Not a compare-and-swap, which would miss the line twice under contention.
        let taken = if broken("number_in_one") {
            let taken = count.load(Ordering::Acquire);
            count.store(taken + 1, Ordering::Release);
            taken
        } else {
            count.fetch_add(1, Ordering::AcqRel)
        };
        if !is_of(taken, generation) {
            return None;
        }
        if taken & SEQUENCE >= HIGH {
            self.renumber(generation);
        }
        let was_failed = self.swap(taken & SEQUENCE, generation, failed, current)?;
        if was_failed != failed {
            self.move_failures(generation, failed)?;
        }
        self.tally(generation)
    }

    /// One failure more or less, unless another generation has begun: it would keep it for ever.
    fn move_failures(&self, generation: u32, more: bool) -> Option<()> {
        self.count
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |c| {
                (is_of(c, generation) || broken("failures_generation"))
                    .then(|| if more { c + FAILURE } else { c - FAILURE })
            })
            .ok()
            .map(drop)
    }

    /// Puts the bit of call number `sequence` and returns what was there.
    fn swap(
        &self,
        sequence: u64,
        generation: u32,
        failed: bool,
        current: impl Fn() -> bool,
    ) -> Option<bool> {
        let slot = sequence % u64::from(self.calls);
        let word = self.ring.get(usize::try_from(slot / 32).ok()?)?;
        let bit = 1 << (slot % 32);
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let kept = if seen >> 32 == u64::from(generation) {
                seen
            } else if current() || broken("ring_current") {
                u64::from(generation) << 32
            } else {
                return None;
            };
            let put = if failed { kept | bit } else { kept & !bit };
            if put == seen {
                return Some(failed);
            }
            match word.compare_exchange_weak(seen, put, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(kept & bit != 0),
                Err(now) => seen = now,
            }
        }
    }

    /// Brings one word of the ring to `generation`: generations are numbered modulo 2¹⁸, and a word
    /// that a small `min_calls` never reaches must not be found with its own number again.
    fn refresh(&self, generation: u32, current: impl Fn() -> bool) {
        // Some other word each time, whatever the step from one generation to the next is
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

    /// What is in the window of `generation`; `None` if another one has begun.
    pub(crate) fn tally(&self, generation: u32) -> Option<Tally> {
        let count = self.count.0.load(Ordering::Acquire);
        is_of(count, generation).then(|| {
            let full = u64::from(self.calls);
            let failures = ((count / FAILURE) & 0xffff).saturating_sub(BIAS);
            let calls = (count & SEQUENCE).min(full);
            Tally {
                calls,
                failures: failures.min(calls),
                settled: calls == full && (count / FAILURE) & 0xffff == BIAS,
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

#[cfg(any(test, loom))]
impl Counted {
    /// The failures by the ring itself.
    pub(crate) fn set_bits(&self, generation: u32) -> u64 {
        self.ring
            .iter()
            .map(|word| word.load(Ordering::SeqCst))
            .filter(|word| word >> 32 == u64::from(generation))
            .map(|word| u64::from((word & 0xffff_ffff).count_ones()))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn put(w: &Counted, generation: u32, failed: bool) -> (u64, u64) {
        let t = w.record(generation, failed, || true).unwrap();
        (t.failures, t.calls)
    }

    /// F01: window 4, F S S S S.
    #[test]
    fn f01_the_first_failure_leaves_with_the_fifth_call() {
        let w = Counted::new(4);
        let seen: Vec<_> = [true, false, false, false, false]
            .map(|f| put(&w, 0, f))
            .into();
        assert_eq!(seen, [(1, 1), (1, 2), (1, 3), (1, 4), (0, 4)]);
    }

    /// F02 and F03, without the slow calls.
    #[test]
    fn f02_f03_small_windows_hold_the_last_calls_only() {
        let w = Counted::new(2);
        let seen: Vec<_> = [true, false, false, false, false]
            .map(|f| put(&w, 0, f))
            .into();
        assert_eq!(seen, [(1, 1), (1, 2), (0, 2), (0, 2), (0, 2)]);
        let w = Counted::new(5);
        let last = [false, true, false, false, false].map(|f| put(&w, 0, f));
        assert_eq!(last[4], (1, 5));
    }

    #[test]
    fn it_is_the_last_n_calls_of_any_n() {
        let mut x = 0x9e37_79b9_u64;
        for n in [1_u32, 2, 31, 32, 33, 64, 100, 1_000] {
            let w = Counted::new(n);
            let mut model: VecDeque<bool> = VecDeque::new();
            let mut generation = 0;
            for _ in 0..5_000 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                if x.is_multiple_of(701) {
                    generation += 1;
                    model.clear();
                }
                let failed = x.is_multiple_of(3);
                model.push_back(failed);
                if model.len() > n as usize {
                    model.pop_front();
                }
                let failures = model.iter().filter(|&&f| f).count() as u64;
                assert_eq!(put(&w, generation, failed), (failures, model.len() as u64));
            }
        }
    }

    #[test]
    fn numbers_start_over_without_a_call_forgotten() {
        let w = Counted::new(7);
        for i in 0..7 {
            put(&w, 0, i == 2);
        }
        // As if many calls had passed: the sequence just below where it is brought down.
        w.count.0.fetch_add(HIGH / 7 * 7, Ordering::SeqCst);
        for _ in 0..20 {
            put(&w, 0, false);
        }
        assert_eq!(put(&w, 0, true), (1, 7));
        assert!(w.count.0.load(Ordering::SeqCst) & SEQUENCE < HIGH);
    }

    #[test]
    fn a_late_outcome_is_dropped_and_changes_nothing() {
        let w = Counted::new(4);
        put(&w, 5, true);
        assert_eq!(w.record(4, true, || false), None);
        assert_eq!(put(&w, 5, false), (1, 2));
    }

    /// Each step of a writer whose generation ends in the middle of it.
    #[test]
    fn d12_a_writer_that_is_overtaken_leaves_nothing() {
        let w = Counted::new(4);
        put(&w, 0, true);
        put(&w, 1, true);
        assert_eq!(w.swap(0, 0, false, || false), None);
        assert_eq!(w.move_failures(0, true), None);
        assert_eq!(w.move_failures(0, false), None);
        assert_eq!((w.tally(1).unwrap().failures, w.set_bits(1)), (1, 1));
        assert_eq!(w.tally(0), None);
    }

    #[test]
    fn under_threads_the_failures_are_the_set_bits() {
        let w = Counted::new(50);
        std::thread::scope(|s| {
            for t in 0..4_u32 {
                let w = &w;
                s.spawn(move || {
                    for i in 0..20_000_u32 {
                        let _ = w.record(1, (i.wrapping_mul(2_654_435_761) >> 7) % 4 == t, || true);
                    }
                });
            }
        });
        let t = w.tally(1).unwrap();
        assert_eq!((t.failures, t.calls), (w.set_bits(1), 50));
    }
}
