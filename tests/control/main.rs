//! Settings that are changed while the program runs: `resil::control()`.

#![allow(
    clippy::await_holding_lock,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "one file is in force at a time: its lock is that of a test; and tests read the paused clock themselves"
)]

#[path = "../support/alone.rs"]
mod alone;
mod broken;
mod budgets;
#[cfg(feature = "catalog")]
mod catalogued;
#[cfg(feature = "catalog")]
mod catalogued_states;
mod effects;
mod functions;
mod keys;
mod late;
mod limits;
mod named;
mod options;
#[cfg(feature = "catalog")]
mod origins;
mod rules;
mod switches;
mod variables;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The error of all bodies here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub(crate) enum Failed {
    #[error("it failed")]
    Failed,
    #[error("refused: {0}")]
    Refused(String),
}

impl From<resil::Error> for Failed {
    fn from(error: resil::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Counts the runs of a body.
pub(crate) struct Runs(AtomicU32);

impl Runs {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    /// Returns the runs since the last look.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Relaxed)
    }
}

/// Held by a test that loads a file: there is one file in force.
pub(crate) static FILE: Mutex<()> = Mutex::new(());
