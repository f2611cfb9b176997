//! The faults that are injected.

use std::time::Duration;

/// A fault that was injected into one run of a function's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InjectedFault {
    /// The body ran this much later.
    Delay(Duration),
    /// An error came in place of a run.
    Error,
    /// Nothing came: the run goes on until somebody drops it.
    Hang,
    /// The run panicked, before the body began.
    Panic,
    /// The body ran, and its answer was lost: the run goes on until somebody drops it.
    Drop,
}
