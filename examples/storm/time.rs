//! The time of one run, in milliseconds since its start.

#![expect(
    clippy::disallowed_methods,
    reason = "the model lives on tokio's paused clock, and does not go through the runtime's seam"
)]

use std::time::Duration;

use tokio::time::Instant;

#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the clock, on a runtime whose time is paused.
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Sleeps until `ms` milliseconds after the start; not at all, if that is over.
    pub(crate) async fn sleep_until(self, ms: u64) {
        tokio::time::sleep_until(self.start + Duration::from_millis(ms)).await;
    }
}
