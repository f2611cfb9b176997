//! The pauses between two tries of one step of a store.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest pause.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A pause that grows: 5 ms, then 1.6 times as long, at most 250 ms.
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) const fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    pub(crate) fn get(&self) -> Duration {
        self.0
    }

    pub(crate) fn grow(&mut self) {
        self.0 = self.0.mul_f64(1.6).min(LONGEST_PAUSE);
    }
}
