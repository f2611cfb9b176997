//! The tally of one function: what its calls did, counted in shards.

use std::sync::{Mutex, MutexGuard, PoisonError};

use histogram::AtomicHistogram32;

use super::count::{COUNTS, Count};
use super::history::{Counted, History, Reading, SLICE};
use super::slot::{SLOTS, Slot};
use super::times;
#[cfg(feature = "shutdown")]
use crate::call::in_flight::{Counts, left};
use crate::sync::{AtomicU64, Line, OnceLock, Ordering::Relaxed};

/// The counts of one function.
#[derive(Debug)]
pub(crate) struct Tally {
    function: &'static str,
    /// The calls in flight, which shutdown counts.
    #[cfg(feature = "shutdown")]
    in_flight: &'static Counts,
    /// The beginning of the slice of time in force, in nanoseconds. Each call reads it, and one in 10 s
    /// writes it.
    since: AtomicU64,
    /// The counts of each [`Slot`], made when a thread first counts there.
    shards: Box<[OnceLock<Box<Line<Shard>>>; SLOTS]>,
    history: Mutex<History>,
}

/// What the threads of one slot have counted. All but `max` only grows.
#[derive(Debug)]
struct Shard {
    counts: [AtomicU64; COUNTS],
    /// The sum of the times of all calls, in nanoseconds.
    nanos: AtomicU64,
    /// The longest time since the last reading.
    max: AtomicU64,
    times: AtomicHistogram32,
}

impl Shard {
    fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            nanos: AtomicU64::new(0),
            max: AtomicU64::new(0),
            times: times::atomic(),
        }
    }
}

static ALL: Mutex<Vec<&'static Tally>> = Mutex::new(Vec::new());

/// What was read of a tally at one moment.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) function: &'static str,
    pub(crate) in_flight: u64,
    pub(crate) total: Counted,
    pub(crate) last_minute: Counted,
}

impl Tally {
    pub(crate) fn new(
        function: &'static str,
        #[cfg(feature = "shutdown")] in_flight: &'static Counts,
        now: u64,
    ) -> Self {
        let mut history = History::new();
        // Nothing was counted before.
        let since = history.go_on(now, |_| {});
        Self {
            function,
            #[cfg(feature = "shutdown")]
            in_flight,
            since: AtomicU64::new(since),
            shards: Box::new(std::array::from_fn(|_| OnceLock::new())),
            history: Mutex::new(history),
        }
    }

    /// Keeps a tally for the rest of the process: only annotated functions, and the names and places of
    /// values, have one.
    #[cold]
    pub(crate) fn register(self) -> &'static Self {
        let tally: &'static Self = Box::leak(Box::new(self));
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(tally);
        tally
    }

    /// Returns the tallies of all functions that were called, in the order of their first calls.
    pub(crate) fn all() -> Vec<&'static Self> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts one of `what`.
    #[inline]
    pub(crate) fn add(&self, what: Count) {
        let slot = Slot::here();
        slot.add(&self.shard(slot).counts[what as usize], 1);
    }

    /// Counts a call that begins at `now`, in nanoseconds.
    #[inline]
    pub(crate) fn begin(&self, now: u64) {
        self.be_at(now);
        // Shutdown counts it.
        #[cfg(not(feature = "shutdown"))]
        self.add(Count::Begun);
    }

    /// Counts a call that ended at `now` and took so long, in nanoseconds.
    #[inline]
    pub(crate) fn end(&self, how: Count, now: u64, took: u64) {
        self.be_at(now);
        let slot = Slot::here();
        let shard = self.shard(slot);
        slot.add(&shard.counts[how as usize], 1);
        slot.add(&shard.nanos, took);
        slot.raise(&shard.max, took);
        times::add(&shard.times, took);
    }

    /// Goes on to the slice of `now`, if that is another one.
    #[inline]
    fn be_at(&self, now: u64) {
        if now.wrapping_sub(self.since.load(Relaxed)) >= SLICE {
            self.turn(now);
        }
    }

    /// Goes on to the slice of `now`, unless another thread is at it.
    #[cold]
    #[inline(never)]
    fn turn(&self, now: u64) {
        if let Ok(history) = self.history.try_lock() {
            drop(self.go_on(history, now));
        }
    }

    fn go_on<'a>(&self, mut history: MutexGuard<'a, History>, now: u64) -> MutexGuard<'a, History> {
        let since = history.go_on(now, |reading| self.read(reading));
        self.since.store(since, Relaxed);
        history
    }

    /// Returns what was counted until `now`, in nanoseconds.
    pub(crate) fn look(&self, now: u64) -> Seen {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let history = self.go_on(history, now);
        Seen {
            function: self.function,
            in_flight: self.in_flight(),
            total: history.total().clone(),
            last_minute: history.last_minute(),
        }
    }

    /// Returns the number of calls in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        #[cfg(feature = "shutdown")]
        return left(&[self.in_flight]).first().map_or(0, |(_, left)| *left);
        #[cfg(not(feature = "shutdown"))]
        {
            // The ends are read before the beginnings, so that no more calls have ended than have begun.
            let sum = |what: usize| {
                let counts = self.shards().map(|shard| shard.counts[what].load(Relaxed));
                counts.fold(0, u64::wrapping_add)
            };
            let ended = (0..Count::Begun as usize)
                .map(sum)
                .fold(0, u64::wrapping_add);
            sum(Count::Begun as usize).saturating_sub(ended)
        }
    }

    fn read(&self, reading: &mut Reading) {
        for shard in self.shards() {
            for (sum, count) in reading.counts.iter_mut().zip(&shard.counts) {
                *sum = sum.wrapping_add(count.load(Relaxed));
            }
            reading.nanos = reading.nanos.wrapping_add(shard.nanos.load(Relaxed));
            // A call that ends at this very moment may leave its time in either slice.
            reading.max = reading.max.max(shard.max.swap(0, Relaxed));
            reading.add_times(&shard.times);
        }
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        let made = self.shards.iter().filter_map(OnceLock::get);
        made.map(|shard| &shard.0)
    }

    #[inline]
    fn shard(&self, slot: Slot) -> &Shard {
        match self.shards[slot.index()].get() {
            Some(shard) => &shard.0,
            None => self.make(slot),
        }
    }

    #[cold]
    #[inline(never)]
    fn make(&self, slot: Slot) -> &Shard {
        let made = self.shards[slot.index()].get_or_init(|| Box::new(Line(Shard::new())));
        &made.0
    }
}
