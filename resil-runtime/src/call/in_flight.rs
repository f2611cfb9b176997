//! The calls in flight, counted by function.
//!
//! Each function has a row of counters, and each thread counts in one of them, so that threads do not
//! share a cache line. A counter is two numbers that only grow: the calls that have begun, and those that
//! have ended. A call may end on another thread than it has begun on.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::sync::{AtomicU64, Line, Ordering::SeqCst, broken};

/// The counters of one function.
#[cfg(not(loom))]
const SHARDS: usize = 8;
#[cfg(loom)]
const SHARDS: usize = 2;

static ALL: Mutex<Vec<&'static Counts>> = Mutex::new(Vec::new());

/// The calls of one function.
#[derive(Debug)]
pub(crate) struct Counts {
    function: &'static str,
    shards: [Line<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Counts {
    pub(crate) fn new(function: &'static str) -> Self {
        Self {
            function,
            shards: Default::default(),
        }
    }

    /// Creates the counters of `function`. They are never dropped: only annotated functions have some.
    pub(super) fn register(function: &'static str) -> &'static Self {
        let counts: &'static Self = Box::leak(Box::new(Self::new(function)));
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(counts);
        counts
    }

    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    /// Counts a call as begun, on the counter of this thread.
    #[inline]
    pub(crate) fn begin(&self) {
        self.begin_on(shard());
    }

    /// Counts a call as ended, on the counter of this thread.
    #[inline]
    pub(crate) fn end(&self) {
        self.end_on(shard());
    }

    #[inline]
    pub(crate) fn begin_on(&self, shard: usize) {
        self.shards[shard].0.begun.fetch_add(1, SeqCst);
    }

    #[inline]
    pub(crate) fn end_on(&self, shard: usize) {
        self.shards[shard].0.ended.fetch_add(1, SeqCst);
    }

    /// Returns the number of calls in flight. Where calls begin and end meanwhile, it may be
    /// above each number that was true in that time, and never below all.
    #[cfg(any(feature = "catalog", feature = "counts"))]
    pub(crate) fn in_flight(&self) -> u64 {
        let ended = self.sum(|shard| &shard.ended);
        self.sum(|shard| &shard.begun).wrapping_sub(ended)
    }

    fn sum(&self, of: impl Fn(&Shard) -> &AtomicU64) -> u64 {
        let shards = self.shards.iter();
        let all = shards.map(|shard| of(&shard.0).load(SeqCst));
        all.fold(0, u64::wrapping_add)
    }
}

/// Returns the functions with calls in flight, and how many. If it returns none, there was a moment during
/// this call at which no call at all was in flight.
pub(crate) fn all() -> Vec<(&'static str, u64)> {
    // Locked throughout: the first call of a function that is not in it begins after this.
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    left(&all)
}

/// Returns the functions among `all` with calls in flight, as [`all`] does.
///
/// All ends are read before all beginnings. Both only grow, and no call ends that has not begun: so if
/// both are equal, they were equal at the moment between the two readings.
pub(crate) fn left(all: &[&Counts]) -> Vec<(&'static str, u64)> {
    let mut begun = Vec::new();
    if broken("in_flight_ends_first") {
        begun = sums(all, |shard| &shard.begun);
    }
    let ended = sums(all, |shard| &shard.ended);
    if !broken("in_flight_ends_first") {
        begun = sums(all, |shard| &shard.begun);
    }
    let left = begun.into_iter().zip(ended).zip(all);
    let left = left.map(|((begun, ended), of)| (of.function, begun.wrapping_sub(ended)));
    left.filter(|(_, left)| *left > 0).collect()
}

fn sums(all: &[&Counts], of: impl Fn(&Shard) -> &AtomicU64) -> Vec<u64> {
    all.iter().map(|counts| counts.sum(&of)).collect()
}

/// Returns the shard of this thread.
#[inline]
fn shard() -> usize {
    thread_local! {
        static SHARD: Cell<usize> = const { Cell::new(SHARDS) };
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    let shard = SHARD.get();
    if shard < SHARDS {
        return shard;
    }
    let shard = NEXT.fetch_add(1, Relaxed) % SHARDS;
    SHARD.set(shard);
    shard
}
