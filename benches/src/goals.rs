//! The goals, as data: what `scripts/bench --check` holds the figures to.

use std::fmt;

use crate::harness::{Outcome, median};

/// A figure of one contestant of one row, and how far it may go.
pub struct Goal {
    row: &'static str,
    who: &'static str,
    figure: Figure,
    limit: Limit,
}

enum Figure {
    /// The median of the per-round ratios to another contestant.
    Times(&'static str),
    /// The share of another contestant's throughput.
    ShareOf(&'static str),
    /// What is beyond `bare`, over what is beyond it in another contestant.
    TimesBeyondBare(&'static str),
    /// The figure itself.
    Itself,
    /// What is more than in another contestant.
    Over(&'static str),
    /// What is more than so many times another contestant.
    OverTimes(&'static str, f64),
    /// Instructions beyond those of `bare`.
    Instructions,
    /// Allocations a call.
    Allocations,
    /// Bytes of the future of a call.
    Future,
    /// Bytes of the future beyond that of another contestant.
    FutureOver(&'static str),
}

#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Figure::{
    Allocations, Future, FutureOver, Instructions, Itself, Over, OverTimes, ShareOf, Times,
    TimesBeyondBare,
};
use Limit::{AtLeast, AtMost};

const fn goal(row: &'static str, who: &'static str, figure: Figure, limit: Limit) -> Goal {
    Goal {
        row,
        who,
        figure,
        limit,
    }
}

/// How many crates there may be below resil without `idempotent`, its own not counted.
pub const MOST_CRATES: f64 = 16.0;

/// The table of issue 11, line by line, and the costs of issue 12.
#[rustfmt::skip]
pub static GOALS: &[Goal] = &[
    goal("retry, first try ok", "resil", Times("hand"), AtMost(1.2)),
    goal("retry, first try ok", "resil", Instructions, AtMost(30.0)),
    goal("retry, first try ok", "resil", Allocations, AtMost(0.0)),
    goal("retry, first try ok", "resil", Future, AtMost(128.0)),

    goal("timeout, ready", "resil", Times("hand"), AtMost(1.25)),
    goal("timeout, ready", "resil", Instructions, AtMost(40.0)),
    goal("timeout, ready", "resil", Allocations, AtMost(0.0)),

    goal("timeout, pending once", "resil", Times("tokio"), AtMost(1.03)),
    goal("timeout, pending once", "resil", Allocations, AtMost(0.0)),
    goal("timeout, pending once, nested in a sooner one", "resil", Times("tokio"), AtMost(0.85)),
    goal("timeout, pending once, nested in a sooner one", "resil", Allocations, AtMost(0.0)),

    goal("circuit closed, counted window, clean", "resil", Times("hand"), AtMost(0.7)),
    goal("circuit closed, counted window, clean", "resil", Instructions, AtMost(60.0)),
    goal("circuit closed, counted window, clean", "resil", Allocations, AtMost(0.0)),
    goal("circuit closed, counted window of 100, 1 failure in 64", "resil", Times("hand"), AtMost(2.0)),
    goal("circuit closed, counted window of 100, 1 failure in 64", "resil", Instructions, AtMost(160.0)),
    goal("circuit closed, counted window of 10,000, 1 failure in 64", "resil", Times("hand"), AtMost(2.0)),
    goal("circuit closed, counted window of 10,000, 1 failure in 64", "resil", Instructions, AtMost(160.0)),
    goal("circuit closed, failures in a row", "resil", Times("hand"), AtMost(1.6)),
    goal("circuit closed, failures in a row", "resil", Instructions, AtMost(45.0)),
    goal("circuit closed, failures in a row", "resil", Allocations, AtMost(0.0)),
    goal("circuit open", "resil", Times("hand"), AtMost(1.15)),
    goal("circuit open", "resil", Allocations, AtMost(0.0)),

    goal("rate limit, let in", "resil", Times("hand"), AtMost(1.3)),
    goal("rate limit, let in", "resil", Times("governor"), AtMost(1.0)),
    goal("rate limit, let in", "resil", Allocations, AtMost(0.0)),
    goal("rate limit, refused", "resil", Allocations, AtMost(0.0)),
    goal("hedge, first copy ready", "resil", OverTimes("bare", 1.3), AtMost(5.0)),
    goal("hedge, first copy ready", "resil", Allocations, AtMost(0.0)),
    goal("hedge, first copy pending once", "resil", Times("tokio"), AtMost(1.05)),
    goal("hedge, first copy pending once", "resil", Allocations, AtMost(0.0)),
    goal("bulkhead with room", "resil", Times("hand"), AtMost(1.3)),
    goal("bulkhead with room", "resil", Times("tokio"), AtMost(1.0)),
    goal("bulkhead with room", "resil", Allocations, AtMost(0.0)),

    goal("one breaker, 2 threads, 120 ns body", "resil, in a row", ShareOf("bare"), AtLeast(0.97)),
    goal("one breaker, 2 threads, 120 ns body", "resil, counted", ShareOf("bare"), AtLeast(0.97)),
    goal("one breaker, 2 threads, 120 ns body", "resil, timed", ShareOf("hand, reads the clock"), AtLeast(0.9)),
    goal("one breaker, 2 threads, 120 ns body, 1 failure in 64", "resil, counted", ShareOf("hand, one shared add"), AtLeast(0.9)),
    goal("one breaker, 4 threads, 120 ns body", "resil, in a row", ShareOf("bare"), AtLeast(0.97)),
    goal("one breaker, 4 threads, 120 ns body", "resil, counted", ShareOf("bare"), AtLeast(0.97)),
    goal("one breaker, 4 threads, 120 ns body", "resil, timed", ShareOf("hand, reads the clock"), AtLeast(0.9)),
    goal("one breaker, 4 threads, 120 ns body, 1 failure in 64", "resil, counted", ShareOf("hand, one shared add"), AtLeast(0.9)),

    goal("one breaker, ready body, speed-up from 1 thread to 2", "resil, in a row", Itself, AtLeast(1.8)),
    goal("one breaker, ready body, speed-up from 1 thread to 2", "resil, counted", Itself, AtLeast(1.8)),
    goal("one breaker, ready body, speed-up from 1 thread to 2", "resil, timed", Itself, AtLeast(1.8)),

    goal("replay of a stored string", "resil", Times("hand"), AtMost(3.5)),
    goal("replay of a stored string", "resil", Allocations, AtMost(1.0)),
    goal("replay of a stored string", "resil", FutureOver("bare"), AtMost(200.0)),
    goal("replay of a stored string", "resil, generic", Times("hand"), AtMost(4.5)),
    goal("replay of a stored string", "resil, generic", Allocations, AtMost(1.0)),
    goal("replay of a stored string", "resil, generic", FutureOver("bare"), AtMost(200.0)),

    goal("fallback, success", "resil", Over("bare"), AtMost(2.0)),
    goal("fallback, success", "resil", Allocations, AtMost(0.0)),
    goal("fallback, success", "resil, asks for the error", Over("bare"), AtMost(2.0)),
    goal("fallback, success", "resil, asks for the error", Allocations, AtMost(0.0)),

    goal("circuit, retry, timeout: ready", "resil", Times("hand, counts"), AtMost(0.8)),
    goal("circuit, retry, timeout: ready", "resil", Times("hand, writes nothing"), AtMost(1.5)),
    goal("circuit, retry, timeout: ready", "resil", Instructions, AtMost(100.0)),
    goal("circuit, retry, timeout: ready", "resil", Allocations, AtMost(0.0)),
    goal("circuit, retry, timeout: ready", "resil", Future, AtMost(192.0)),
    goal("circuit, retry, timeout: pending once", "resil", Allocations, AtMost(0.0)),

    goal("100,000 pending timeouts, 1 thread", "resil", TimesBeyondBare("tokio"), AtMost(1.2)),
    goal("100,000 pending timeouts, 1 thread", "resil", FutureOver("bare"), AtMost(128.0)),

    goal("crates with retry, timeout, circuit", "resil", Itself, AtMost(MOST_CRATES)),
    goal("building them, clean", "resil", Over("tokio"), AtMost(3.0)),

    goal("one function, check", "resil: retry", Times("plain"), AtMost(1.9)),
    goal("one function, build", "resil: retry", Times("plain"), AtMost(1.9)),
    goal("one function, check", "resil: circuit, retry, timeout", Times("plain"), AtMost(2.6)),
    goal("one function, build", "resil: circuit, retry, timeout", Times("plain"), AtMost(2.6)),

    goal("1000 functions, check", "resil: retry", Times("plain"), AtMost(1.9)),
    goal("1000 functions, build", "resil: retry", Times("plain"), AtMost(1.9)),
    goal("1000 functions, debug binary", "resil: retry", Times("plain"), AtMost(1.35)),
    goal("1000 functions, check", "resil: circuit, retry, timeout", Times("plain"), AtMost(2.6)),
    goal("1000 functions, build", "resil: circuit, retry, timeout", Times("plain"), AtMost(2.6)),
    goal("1000 functions, debug binary", "resil: circuit, retry, timeout", Times("plain"), AtMost(2.0)),
];

impl Goal {
    /// The row that it is about.
    pub fn row(&self) -> &'static str {
        self.row
    }

    /// Returns the figure, if it was measured.
    pub fn figure(&self, outcome: &Outcome) -> Option<f64> {
        let who = outcome.find(self.who)?;
        let ratio = |to: &str| Some(median(&outcome.ratios(self.who, to)?));
        match self.figure {
            Times(to) => ratio(to),
            ShareOf(to) => Some(1.0 / ratio(to)?),
            TimesBeyondBare(to) => Some(median(&outcome.ratios_beyond_bare(self.who, to)?)),
            Itself => Some(median(&who.figures)),
            Over(to) => Some(median(&outcome.beyond(self.who, to, 1.0)?)),
            OverTimes(to, times) => Some(median(&outcome.beyond(self.who, to, times)?)),
            Instructions => outcome.instructions(self.who),
            Allocations => Some(who.allocations?.0),
            Future => Some(who.future? as f64),
            FutureOver(to) => Some(who.future? as f64 - outcome.find(to)?.future? as f64),
        }
    }

    /// Whether the figure is as good as it has to be.
    pub fn is_met(&self, figure: f64) -> bool {
        match self.limit {
            AtMost(limit) => figure <= limit,
            AtLeast(limit) => figure >= limit,
        }
    }
}

impl fmt::Display for Goal {
    /// What it is about and how far it may go, as two cells of a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, ", self.row, self.who)?;
        match self.figure {
            Times(to) => write!(f, "× {to}")?,
            ShareOf(to) => write!(f, "share of {to}")?,
            TimesBeyondBare(to) => write!(f, "× {to}, both over bare")?,
            Itself => f.write_str("itself")?,
            Over(to) => write!(f, "more than {to}")?,
            OverTimes(to, times) => write!(f, "more than {times} × {to}")?,
            Instructions => f.write_str("instructions")?,
            Allocations => f.write_str("allocations")?,
            Future => f.write_str("bytes of the future")?,
            FutureOver(to) => write!(f, "bytes of the future over {to}")?,
        }
        match self.limit {
            AtMost(limit) => write!(f, " | ≤ {limit}"),
            AtLeast(limit) => write!(f, " | ≥ {limit}"),
        }
    }
}
