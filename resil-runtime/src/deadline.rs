//! The ambient deadline: the sooner of all limits in force, seen across function borders.

use std::time::Duration;

use crate::clock::{self, Instant};

/// A point in time by which the work that is running should be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at `at`.
    pub fn at(at: Instant) -> Self {
        Self(at)
    }

    /// The deadline in force: the soonest of all enclosing `#[timeout]`s and
    /// [`scope`](Self::scope)s, `None` if there is none.
    pub fn current() -> Option<Self> {
        None
    }

    /// When it is.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// How long from now; zero if it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(clock::now())
    }
}
