//! What was counted when: since the start, and in slices of the last minute.
//!
//! The shards of a tally only grow. Now and then somebody reads them all, and what has come since the last
//! reading belongs to the slice of time in force. It is the first call that ends in a new slice, or
//! whoever asks for the statistics.

use histogram::Histogram;

use super::count::COUNTS;
use super::times::CONFIG;

/// The slices that are the last minute, that in force among them. So it reaches back 50 to 60 s.
const SLICES: usize = 6;

/// Counts, and the times of the calls among them.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) counts: [u64; COUNTS],
    pub(crate) times: Histogram,
    /// The sum of all times, and the longest one, in nanoseconds.
    pub(crate) nanos: u64,
    pub(crate) max: u64,
}

impl Counted {
    fn new() -> Self {
        Self {
            counts: [0; COUNTS],
            times: Histogram::with_config(&CONFIG),
            nanos: 0,
            max: 0,
        }
    }
}

/// A reading of all shards.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) counts: [u64; COUNTS],
    pub(super) nanos: u64,
    /// The longest time since the last reading.
    pub(super) max: u64,
    /// The number of calls by their times. It wraps around.
    pub(super) times: Vec<u32>,
}

impl Reading {
    fn new() -> Self {
        Self {
            counts: [0; COUNTS],
            nanos: 0,
            max: 0,
            times: vec![0; CONFIG.total_buckets()],
        }
    }
}

/// What the last reading has found, without its longest time.
#[derive(Debug)]
struct Known {
    counts: [u64; COUNTS],
    nanos: u64,
    times: Vec<u32>,
}

#[derive(Debug)]
struct Slice {
    /// The number of the slice, from the origin of the clock.
    number: u64,
    counts: [u64; COUNTS],
    nanos: u64,
    max: u64,
    times: Vec<u32>,
}

impl Slice {
    fn new() -> Self {
        Self {
            // No time has this number.
            number: u64::MAX,
            counts: [0; COUNTS],
            nanos: 0,
            max: 0,
            times: vec![0; CONFIG.total_buckets()],
        }
    }

    fn begin(&mut self, number: u64) {
        self.number = number;
        self.counts = [0; COUNTS];
        (self.nanos, self.max) = (0, 0);
        self.times.fill(0);
    }
}

/// The history of one function. All its memory is there from the start.
#[derive(Debug)]
pub(super) struct History {
    last: Known,
    fresh: Reading,
    total: Counted,
    slices: [Slice; SLICES],
    /// The slice in force.
    number: u64,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            last: Known {
                counts: [0; COUNTS],
                nanos: 0,
                times: vec![0; CONFIG.total_buckets()],
            },
            fresh: Reading::new(),
            total: Counted::new(),
            slices: std::array::from_fn(|_| Slice::new()),
            number: 0,
        }
    }

    /// Takes in what has come since the last reading, and goes on to that slice. `read` adds all shards to a
    /// reading that is empty.
    pub(super) fn go_on(&mut self, slice: u64, read: impl FnOnce(&mut Reading)) {
        self.read(read);
        self.number = slice;
    }

    /// Adds the difference of the two readings.
    fn take_in(&mut self) {
        let (last, fresh, total) = (&mut self.last, &self.fresh, &mut self.total);
        let slice = &mut self.slices[usize::try_from(self.number).unwrap_or(0) % SLICES];
        if slice.number != self.number {
            slice.begin(self.number);
        }
        let counts = last.counts.iter_mut().zip(&fresh.counts);
        for ((last, fresh), (all, slice)) in
            counts.zip(total.counts.iter_mut().zip(&mut slice.counts))
        {
            let more = fresh.wrapping_sub(*last);
            *all = all.wrapping_add(more);
            *slice = slice.wrapping_add(more);
            *last = *fresh;
        }
        let more = fresh.nanos.wrapping_sub(last.nanos);
        total.nanos = total.nanos.wrapping_add(more);
        slice.nanos = slice.nanos.wrapping_add(more);
        last.nanos = fresh.nanos;
        total.max = total.max.max(fresh.max);
        slice.max = slice.max.max(fresh.max);
        let times = last.times.iter_mut().zip(&fresh.times);
        let all = total.times.as_mut_slice().iter_mut();
        for ((last, fresh), (all, slice)) in times.zip(all.zip(&mut slice.times)) {
            let more = fresh.wrapping_sub(*last);
            *all = all.saturating_add(more.into());
            *slice = slice.saturating_add(more);
            *last = *fresh;
        }
    }

    /// Takes in what has come since the last reading, without going on: a thread that has another clock
    /// than the calls can.
    pub(super) fn read(&mut self, read: impl FnOnce(&mut Reading)) {
        self.fresh.counts = [0; COUNTS];
        (self.fresh.nanos, self.fresh.max) = (0, 0);
        self.fresh.times.fill(0);
        read(&mut self.fresh);
        self.take_in();
    }

    /// Returns all that was taken in.
    pub(super) fn total(&self) -> &Counted {
        &self.total
    }

    /// Returns what was taken in over the last minute before the last [`go_on`](Self::go_on).
    #[cfg(feature = "stats")]
    pub(super) fn last_minute(&self) -> Counted {
        let mut sum = Counted::new();
        let first = self.number.saturating_sub(SLICES as u64 - 1);
        let is_in = |slice: &&Slice| (first..=self.number).contains(&slice.number);
        for slice in self.slices.iter().filter(is_in) {
            for (sum, one) in sum.counts.iter_mut().zip(&slice.counts) {
                *sum = sum.wrapping_add(*one);
            }
            for (sum, one) in sum.times.as_mut_slice().iter_mut().zip(&slice.times) {
                *sum = sum.saturating_add((*one).into());
            }
            sum.nanos = sum.nanos.wrapping_add(slice.nanos);
            sum.max = sum.max.max(slice.max);
        }
        sum
    }
}
