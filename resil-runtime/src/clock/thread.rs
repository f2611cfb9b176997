//! The time of a thread that is blocked in a wait.

#![expect(
    clippy::disallowed_methods,
    reason = "a part of the seam that the lint points to"
)]

use std::time::{Duration, Instant as SystemInstant};

use super::{Instant, now};

/// The time of a thread that is blocked, since a wait of it began.
///
/// It is the time of tokio's clock. Where that is paused, the time that has really passed counts: a
/// clock that is paused does not jump while a thread is blocked, so a wait would never end by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThreadTime {
    began: Instant,
    really: SystemInstant,
}

impl ThreadTime {
    /// Begins a wait now.
    pub(crate) fn begin() -> Self {
        // In this order, the time that really passed is never the longer one while tokio's clock runs.
        let began = now();
        Self {
            began,
            really: SystemInstant::now(),
        }
    }

    /// Returns by how much this time is ahead of tokio's clock: zero, unless that is paused.
    pub(crate) fn ahead(&self) -> Duration {
        let really = self.really.elapsed();
        really.saturating_sub(now().saturating_duration_since(self.began))
    }

    /// Returns the time now.
    #[cfg(feature = "idempotent")]
    pub(crate) fn now(&self) -> Instant {
        super::add(now(), self.ahead())
    }
}

/// Blocks the thread until it is unparked, but no longer than for `left`. It may also return for no reason,
/// as [`std::thread::park`] may.
pub(crate) fn park(left: Option<Duration>) {
    match left {
        None => std::thread::park(),
        Some(left) => std::thread::park_timeout(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_clock_runs_it_is_never_ahead() {
        let time = ThreadTime::begin();
        for _ in 0..1_000 {
            assert_eq!(time.ahead(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn under_a_paused_clock_it_goes_on() {
        let time = ThreadTime::begin();
        park(Some(Duration::from_millis(5)));
        let ahead = time.ahead();
        assert!(ahead > Duration::ZERO);
        // What the clock is moved by has passed for the thread too.
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(time.ahead(), Duration::ZERO);
    }
}
