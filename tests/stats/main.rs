//! OPERATIONS.md, section 2: `stats()`. On paused time, but for the calls of four threads at once.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::await_holding_lock,
    reason = "the statistics are those of the process: the lock is that of a test"
)]
#![allow(
    clippy::items_after_statements,
    reason = "an item stands beside the lines that it is for"
)]

mod agree;
mod minute;
mod outcomes;
mod policies;
mod shapes;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use resil::{CallStats, FunctionStats, stats};

/// Whoever asks for statistics goes on with the time of all functions. The tests have a clock each, so they
/// run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The statistics of a function or a stack by its name.
fn all_of(function: &str) -> FunctionStats {
    let all = stats();
    let found = all.function(function).cloned();
    found.unwrap_or_else(|| panic!("no {function} among\n{all}"))
}

/// Those since the start.
fn of(function: &str) -> CallStats {
    all_of(function).since_start
}

/// The name that a function of this module is shown by.
macro_rules! here {
    ($name:ident) => {
        concat!(module_path!(), "::", stringify!($name))
    };
}
use here;

/// The outcomes of a function, by their words, without those that did not come up.
fn outcomes(of: &CallStats) -> Vec<(&'static str, u64)> {
    let all = [
        ("ok", of.ok),
        ("error", of.errors),
        ("timeout", of.timeouts),
        ("refused", of.refusals),
        ("replayed", of.replays),
        ("fallback", of.fallbacks),
        ("cancelled", of.cancelled),
        ("dropped", of.dropped),
        ("panicked", of.panicked),
    ];
    let sum: u64 = all.iter().map(|(_, n)| n).sum();
    assert_eq!(of.calls, sum, "each call has one outcome");
    all.into_iter().filter(|(_, n)| *n > 0).collect()
}
