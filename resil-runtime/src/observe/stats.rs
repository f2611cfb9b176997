//! Statistics of the calls, by function.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::count::Count;
use super::history::Counted;
use super::slice::slice_of;
use super::tally::{Seen, Tally};
use super::times;
use crate::clock;

/// Returns the statistics of all functions that were called since the process began, ordered by name.
///
/// Functions are the annotated ones by their path, stacks by their names, and policies that are run as
/// values by their places in the source. All instances of a generic function are one.
///
/// It can be called anywhere, and costs some 30 µs a function. A call that is in flight is in
/// [`in_flight`](FunctionStats::in_flight), and in the other figures once it has ended; its retries, and the
/// attempts after the first one, are counted as they begin.
///
/// ```
/// println!("{}", resil_runtime::stats());
/// for function in &resil_runtime::stats().functions {
///     println!("{}: p99 {:?}", function.function, function.last_minute.p99);
/// }
/// ```
///
/// # Memory
///
/// Each function that was called has 60 KiB, and 5 KiB more for each thread that has called it, as far as
/// these threads ran at once; that is 400 KiB at most. A call allocates nothing, but for the first one of a
/// function and the first one on a thread.
pub fn stats() -> Stats {
    let now = slice_of(clock::now_ns());
    let all = Tally::all();
    let mut functions: Vec<_> = all.iter().map(|tally| tally.look(now).into()).collect();
    functions.sort_unstable_by_key(|function: &FunctionStats| function.function);
    Stats { functions }
}

/// The statistics of the process at one moment: [`stats`] returns them.
///
/// `Display` writes two tables, one of the last minute and one since the start, with those columns in which
/// there is something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The functions that were called, ordered by name.
    pub functions: Vec<FunctionStats>,
}

impl Stats {
    /// Returns the statistics of `function`, its path or name as the table shows it; `None` if it was never
    /// called.
    pub fn function(&self, function: &str) -> Option<&FunctionStats> {
        let mut all = self.functions.iter();
        all.find(|of| of.function == function)
    }
}

/// The statistics of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// The path of the function, the name of the stack, or the place of the value.
    pub function: &'static str,
    /// The calls that have begun and not ended.
    pub in_flight: u64,
    /// What has ended within the last minute. It is counted in slices of 10 s, that of this moment among
    /// them: so it reaches back 50 to 60 s.
    pub last_minute: CallStats,
    /// What has ended since the process began.
    pub since_start: CallStats,
}

/// The calls of one function in one span of time.
///
/// Each call that has ended has one outcome: `calls` is the sum of the nine fields behind it, from `ok` to
/// `panicked`. The other numbers are of what the policies did meanwhile.
///
/// Serialized, a duration is a number of seconds, and its name ends with `_seconds`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallStats {
    /// The calls that have ended.
    pub calls: u64,
    /// Calls that returned the value of the body.
    pub ok: u64,
    /// Calls that returned the body's own error.
    pub errors: u64,
    /// Calls that a timeout ended, or a deadline of the caller's.
    pub timeouts: u64,
    /// Calls that a policy did not let run: a circuit, a bulkhead, a rate limit, an `#[idempotent]`.
    pub refusals: u64,
    /// Calls that returned the recorded outcome of an earlier one.
    pub replays: u64,
    /// Calls that returned the value of a fallback.
    pub fallbacks: u64,
    /// Calls whose wait was ended by a scope that was cancelled, or by a shutdown.
    pub cancelled: u64,
    /// Calls that were dropped before they were done.
    pub dropped: u64,
    /// Calls that ended with a panic.
    pub panicked: u64,
    /// Attempts that have begun: runs of the body. The copies of a hedge are attempts too.
    pub attempts: u64,
    /// Failed attempts that were followed by another one.
    pub retries: u64,
    /// How often the limit of a timeout has passed, over an attempt or over a whole call.
    pub limits_passed: u64,
    /// Further copies of calls that were started.
    pub hedges: u64,
    /// Further copies that gave the answer.
    pub hedges_won: u64,
    /// The mean of the times of all calls, exactly. A time is from the first poll to the outcome, with all
    /// attempts and waits; that of a call that was dropped, to the drop. Zero if there was no call.
    #[serde(rename = "mean_seconds", serialize_with = "seconds")]
    pub mean: Duration,
    /// The time that half of all calls took at most. Percentiles are within 2 % of the truth.
    #[serde(rename = "p50_seconds", serialize_with = "seconds")]
    pub p50: Duration,
    /// The time that 90 % of all calls took at most.
    #[serde(rename = "p90_seconds", serialize_with = "seconds")]
    pub p90: Duration,
    /// The time that 99 % of all calls took at most.
    #[serde(rename = "p99_seconds", serialize_with = "seconds")]
    pub p99: Duration,
    /// The longest time, exactly.
    #[serde(rename = "max_seconds", serialize_with = "seconds")]
    pub max: Duration,
}

fn seconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}

impl From<Seen> for FunctionStats {
    fn from(seen: Seen) -> Self {
        Self {
            function: seen.function,
            in_flight: seen.in_flight,
            last_minute: (&seen.last_minute).into(),
            since_start: (&seen.total).into(),
        }
    }
}

impl From<&Counted> for CallStats {
    fn from(counted: &Counted) -> Self {
        let of = |what: Count| counted.counts[what as usize];
        let calls = counted.counts[..Count::Begun as usize].iter().sum();
        let [p50, p90, p99] = times::percentiles(&counted.times, [0.5, 0.9, 0.99], counted.max)
            .map(Duration::from_nanos);
        Self {
            calls,
            ok: of(Count::Ok),
            errors: of(Count::Error),
            timeouts: of(Count::Timeout),
            refusals: of(Count::Refused),
            replays: of(Count::Replayed),
            fallbacks: of(Count::Fallback),
            cancelled: of(Count::Cancelled),
            dropped: of(Count::Dropped),
            panicked: of(Count::Panicked),
            attempts: of(Count::Attempt),
            retries: of(Count::Retry),
            limits_passed: of(Count::LimitPassed),
            hedges: of(Count::Hedge),
            hedges_won: of(Count::HedgeWon),
            mean: Duration::from_nanos(counted.nanos.checked_div(calls).unwrap_or(0)),
            p50,
            p90,
            p99,
            max: Duration::from_nanos(counted.max),
        }
    }
}
