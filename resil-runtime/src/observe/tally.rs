//! The tally of one function: what its calls did, counted in shards.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::count::{COUNTS, Count};
use super::history::{Counted, History, Reading};
use super::slot::Slot;
use super::thread::{SLOTS, here};
use super::times::Times;
#[cfg(feature = "shutdown")]
use crate::call::in_flight::Counts;
use crate::sync::{AtomicU64, Line, OnceLock, Ordering::Relaxed};

/// The counts of one function.
#[derive(Debug)]
pub(crate) struct Tally {
    function: &'static str,
    /// The calls in flight, which shutdown counts.
    #[cfg(feature = "shutdown")]
    in_flight: &'static Counts,
    /// The slice of time in force. Each call reads it, and one in 10 s writes it.
    slice: AtomicU64,
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
    /// The longest time since the last reading. A reader takes it back to zero. If the owner is between the
    /// look and the store then, the owner's time stands, which is the later one.
    max: AtomicU64,
    times: Times,
}

impl Shard {
    fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            nanos: AtomicU64::new(0),
            max: AtomicU64::new(0),
            times: Times::new(),
        }
    }

    /// Counts a call that has ended, on a slot that several threads share.
    #[cold]
    fn end_shared(&self, how: Count, attempts: u64, took: u64) {
        self.counts[how as usize].fetch_add(1, Relaxed);
        self.counts[Count::Attempt as usize].fetch_add(attempts, Relaxed);
        self.nanos.fetch_add(took, Relaxed);
        self.max.fetch_max(took, Relaxed);
    }
}

/// Adds to a counter of a slot that this thread owns.
#[inline]
fn own_add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
}

static ALL: Mutex<Vec<&'static Tally>> = Mutex::new(Vec::new());

/// What was read of a tally at one moment.
#[cfg(feature = "stats")]
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
        slice: u64,
    ) -> Self {
        let mut history = History::new();
        // Nothing was counted before.
        history.go_on(slice, |_| {});
        Self {
            function,
            #[cfg(feature = "shutdown")]
            in_flight,
            slice: AtomicU64::new(slice),
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

    /// Counts one of `what`, which happens in that slice of time while a call is under way.
    pub(crate) fn add(&self, what: Count, slice: u64) {
        self.be_in(slice);
        self.add_one(what);
    }

    #[inline]
    fn add_one(&self, what: Count) {
        let slot = here();
        slot.add(&self.shard(slot).counts[what as usize], 1);
    }

    /// Counts a call that begins. It is in no slice of time until something happens to it.
    #[inline]
    pub(crate) fn begin(&self) {
        // Shutdown counts it.
        #[cfg(not(feature = "shutdown"))]
        self.add_one(Count::Begun);
        let _ = self;
    }

    /// Counts a call that ended in that slice of time and took so many nanoseconds. `attempts` is 1 if it had
    /// an attempt, and 0 otherwise; further ones were counted when they began.
    #[inline]
    pub(crate) fn end(&self, how: Count, attempts: u64, slice: u64, took: u64) {
        self.be_in(slice);
        let slot = here();
        let shard = self.shard(slot);
        if slot.is_owned() {
            own_add(&shard.counts[how as usize], 1);
            own_add(&shard.counts[Count::Attempt as usize], attempts);
            own_add(&shard.nanos, took);
            if took > shard.max.load(Relaxed) {
                shard.max.store(took, Relaxed);
            }
        } else {
            shard.end_shared(how, attempts, took);
        }
        shard.times.add(slot, took);
    }

    /// Goes on to a slice, if it is not the one in force.
    #[inline]
    fn be_in(&self, slice: u64) {
        if slice != self.slice.load(Relaxed) {
            self.turn(slice);
        }
    }

    /// Goes on to that slice, unless another thread is at it.
    #[cold]
    #[inline(never)]
    fn turn(&self, slice: u64) {
        if let Ok(history) = self.history.try_lock() {
            drop(self.go_on(history, slice));
        }
    }

    fn go_on<'a>(
        &self,
        mut history: MutexGuard<'a, History>,
        slice: u64,
    ) -> MutexGuard<'a, History> {
        history.go_on(slice, |reading| self.read(reading));
        self.slice.store(slice, Relaxed);
        history
    }

    /// Returns what was counted until now, in that slice of time.
    #[cfg(feature = "stats")]
    pub(crate) fn look(&self, slice: u64) -> Seen {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let history = self.go_on(history, slice);
        Seen {
            function: self.function,
            in_flight: self.in_flight(),
            total: history.total().clone(),
            last_minute: history.last_minute(),
        }
    }

    /// Returns what was counted since the start.
    #[cfg(feature = "metrics")]
    pub(crate) fn total(&self) -> Counted {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.read(|reading| self.read(reading));
        history.total().clone()
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    /// Returns the number of calls in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        #[cfg(feature = "shutdown")]
        return self.in_flight.in_flight();
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
            shard.times.load_onto(&mut reading.times);
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
