//! What a rate limit says to a call.

use std::time::Duration;

/// The place of a call that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reserved {
    /// The word with this call as the last one.
    pub(super) word: u64,
    /// The word without it.
    pub(super) before: u64,
    /// The time until its turn.
    pub(super) wait: Duration,
    /// The number of the rate limit that the words are of.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) of: u64,
}

impl Reserved {
    /// Returns the time from the call's coming to its turn.
    pub(crate) fn turn_in(self) -> Duration {
        self.wait
    }
}

/// What the first look at a call has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is let in.
    In,
    /// It is too early by so many units, and calls do not wait here.
    TooEarly(u64),
    /// [`enter`](super::limit::Limit::enter) decides.
    Undecided,
}

/// A call is too early, by this much; `None` if it can never come, as it costs more than the burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooEarly(pub(crate) Option<Duration>);
