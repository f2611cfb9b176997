//! The latencies of a site's latest successes, and the percentile that they give.
//!
//! A call writes its latency into one of a few slots, without a lock. The call that fills the last slot
//! moves all of them into the histograms, and computes the percentile anew: every fiftieth success pays
//! for that. If two calls want to do so at once, one of them leaves it, and its samples are lost.
//!
//! Of two histograms each sample goes into both, and the percentile is that of the older one. When the
//! younger one has [`WINDOW`] samples it becomes the older one, and an empty one takes its place. So a
//! percentile is that of the latest 1000 to 2000 successes.

use std::sync::TryLockError;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering::Relaxed, broken};

/// The number of successes that are gathered before they are counted.
#[cfg(not(loom))]
pub(crate) const BATCH: usize = 50;
/// As few as can be overwritten, or there are too many orders to try.
#[cfg(loom)]
pub(crate) const BATCH: usize = 2;

/// The number of successes without which there is no percentile.
#[cfg(not(loom))]
const ENOUGH: u64 = 100;
#[cfg(loom)]
const ENOUGH: u64 = 1;

/// The number of samples after which the younger histogram takes the older one's place.
const WINDOW: u64 = 1_000;

/// The longest latency that is told apart, in nanoseconds: an hour. A longer one counts as this.
const LONGEST: u64 = 3_600_000_000_000;

/// Two significant digits: a percentile is at most 1 % above the sample that it stands for.
const DIGITS: u8 = 2;

/// The latencies of one site. All times are in nanoseconds.
#[derive(Debug)]
pub(crate) struct Latencies {
    next: AtomicU32,
    /// Latencies that are not counted yet; 0 in a free slot.
    batch: [AtomicU64; BATCH],
    counted: Mutex<Counted>,
    /// The percentile; 0 until it is known.
    percentile: AtomicU64,
}

/// The histograms. Samples of 16 bits hold twice [`WINDOW`].
#[derive(Debug)]
struct Counted {
    older: Histogram<u16>,
    younger: Histogram<u16>,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS);
        let histogram = || histogram().expect("bounds in order, and digits between 0 and 5");
        Self {
            next: AtomicU32::new(0),
            batch: std::array::from_fn(|_| AtomicU64::new(0)),
            counted: Mutex::new(Counted {
                older: histogram(),
                younger: histogram(),
            }),
            percentile: AtomicU64::new(0),
        }
    }

    /// Returns the percentile; `None` until enough successes have come.
    pub(crate) fn percentile(&self) -> Option<Duration> {
        match self.percentile.load(Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Adds the latency of a success. The percentile is that of `percent`.
    #[inline]
    pub(crate) fn add(&self, nanos: u64, percent: f64) {
        let slot = self.next.fetch_add(1, Relaxed) as usize % BATCH;
        // Not a plain store: the model checker may order one before a swap that has not seen it.
        self.batch[slot].swap(nanos.clamp(1, LONGEST), Relaxed);
        if slot == BATCH - 1 {
            self.count(percent);
        }
    }

    /// Moves what was gathered into the histograms.
    #[cold]
    #[inline(never)]
    fn count(&self, percent: f64) {
        let mut counted = match self.counted.try_lock() {
            Ok(counted) => counted,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another call counts right now.
            Err(TryLockError::WouldBlock) => return,
        };
        for slot in &self.batch {
            let nanos = if broken("hedge_empties_slots") {
                slot.load(Relaxed)
            } else if broken("hedge_slot_in_one") {
                let nanos = slot.load(Relaxed);
                slot.store(0, Relaxed);
                nanos
            } else {
                slot.swap(0, Relaxed)
            };
            if nanos != 0 {
                counted.add(nanos);
            }
        }
        if counted.older.len() >= ENOUGH {
            let nanos = counted.older.value_at_quantile(percent / 100.0);
            self.percentile.store(nanos.max(1), Relaxed);
        }
    }

    /// Returns how many samples are counted.
    #[cfg(any(test, loom))]
    pub(crate) fn counted(&self) -> u64 {
        self.counted.lock().unwrap().older.len()
    }

    /// Returns how many samples wait to be counted.
    #[cfg(loom)]
    pub(crate) fn left(&self) -> u64 {
        let is_left = |slot: &&AtomicU64| slot.load(Relaxed) != 0;
        self.batch.iter().filter(is_left).map(|_| 1).sum()
    }
}

impl Counted {
    fn add(&mut self, nanos: u64) {
        let Self { older, younger } = self;
        older.saturating_record(nanos);
        if older.len() > WINDOW {
            younger.saturating_record(nanos);
        }
        if younger.len() >= WINDOW {
            std::mem::swap(older, younger);
            younger.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn near(got: Option<Duration>, ms: u64) -> bool {
        let want = Duration::from_millis(ms);
        got.is_some_and(|got| want <= got && got <= want.mul_f64(1.02))
    }

    #[test]
    fn nothing_is_known_until_a_hundred_have_come() {
        let latencies = Latencies::new();
        for n in 1..=100 {
            assert_eq!(latencies.percentile(), None, "before success {n}");
            latencies.add(5 * MS, 95.0);
        }
        assert!(near(latencies.percentile(), 5));
    }

    #[test]
    fn a_percentile_is_within_two_percent() {
        for (percent, ms) in [
            (50.0, 500),
            (90.0, 900),
            (95.0, 950),
            (99.0, 990),
            (99.9, 999),
        ] {
            let latencies = Latencies::new();
            // 1 to 1000 ms, in an order that is not sorted.
            for n in 0..1_000 {
                latencies.add((n * 7 % 1_000 + 1) * MS, percent);
            }
            let got = latencies.percentile();
            assert!(near(got, ms), "p{percent}: {got:?}");
        }
    }

    #[test]
    fn old_latencies_are_forgotten() {
        let latencies = Latencies::new();
        let add = |n: usize, ms: u64| (0..n).for_each(|_| latencies.add(ms * MS, 95.0));
        add(10_000, 500);
        assert!(near(latencies.percentile(), 500));
        add(2_000, 5);
        assert!(near(latencies.percentile(), 5), "2000 others have come");
        assert!(latencies.counted() <= 2 * WINDOW);
    }

    #[test]
    fn a_latency_of_any_length_counts() {
        let latencies = Latencies::new();
        for _ in 0..50 {
            latencies.add(0, 99.0);
            latencies.add(u64::MAX, 99.0);
        }
        assert_eq!(latencies.counted(), 100);
        let longest = latencies.percentile().unwrap();
        assert!(longest >= Duration::from_nanos(LONGEST));
        assert!(longest <= Duration::from_nanos(LONGEST).mul_f64(1.02));
    }

    #[test]
    fn threads_that_add_at_once_lose_little() {
        let latencies = Latencies::new();
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..10_000).for_each(|_| latencies.add(7 * MS, 95.0)));
            }
        });
        assert!(near(latencies.percentile(), 7));
        assert!(latencies.counted() >= WINDOW / 2);
    }
}
