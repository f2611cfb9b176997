//! The rows: a file for each family.

mod bulkhead;
pub(crate) mod circuit;
pub mod compile;
pub mod contention;
mod fallback;
pub mod growth;
mod hedge;
pub(crate) mod pending;
mod rate_limit;
pub(crate) mod replay;
mod retry;
mod rustc;
mod stack;
mod thousand;
mod timeout;

pub(crate) mod hand;

use crate::harness::{Effort, Outcome, Row};

/// Returns the rows that are made of calls on one thread.
pub fn of_calls() -> Vec<Row> {
    let mut rows = vec![retry::first_try_ok()];
    rows.extend(timeout::rows());
    rows.extend(circuit::rows());
    rows.extend(rate_limit::rows());
    rows.extend(hedge::rows());
    rows.push(bulkhead::row());
    rows.push(replay::row());
    rows.extend(fallback::rows());
    rows.extend(stack::rows());
    rows
}

/// A row that does its own measuring, and may bring several outcomes.
pub struct Special {
    /// What the names of its outcomes begin with, which a filter is matched with.
    pub name: &'static str,
    /// Measures it.
    pub run: fn(Effort) -> Vec<Outcome>,
}

/// Returns the rows that are not made of calls on one thread.
pub fn special() -> Vec<Special> {
    vec![
        Special {
            name: "one breaker, ",
            run: contention::shared,
        },
        Special {
            name: "one breaker, ready body, speed-up",
            run: contention::speed_up,
        },
        Special {
            name: "100,000 pending timeouts",
            run: pending::timeouts,
        },
    ]
}
