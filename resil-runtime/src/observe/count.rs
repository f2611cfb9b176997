//! What is counted of the calls of one function.

use crate::event::StopReason;

/// A thing that is counted by function.
///
/// The first ones are the outcomes of calls, in the order of
/// [`CallOutcome`](super::outcome::CallOutcome): each call that has ended has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[allow(
    dead_code,
    reason = "each feature counts its part, and without any they are named where they would be counted"
)]
pub(crate) enum Count {
    Ok,
    Error,
    Timeout,
    Refused,
    Replayed,
    Fallback,
    Cancelled,
    Dropped,
    Panicked,
    /// A call has begun. Where shutdown counts the calls in flight, nothing is counted here.
    Begun,
    /// An attempt has begun: a run of the body.
    Attempt,
    /// A failed attempt is followed by another one.
    Retry,
    /// The limit of a timeout has passed.
    LimitPassed,
    /// A further copy of a call was started.
    Hedge,
    /// A further copy gave the answer.
    HedgeWon,
    // No attempt follows a failed one, by the reason.
    StoppedExhausted,
    StoppedFinal,
    StoppedWithin,
    StoppedDeadline,
    StoppedBudget,
    StoppedAskedLonger,
    StoppedNested,
    StoppedCancelled,
    StoppedShutdown,
}

impl Count {
    /// Returns what is counted if a retry stops for `reason`.
    pub(crate) fn stopped(reason: StopReason) -> Self {
        match reason {
            StopReason::Exhausted => Self::StoppedExhausted,
            StopReason::Final => Self::StoppedFinal,
            StopReason::Within => Self::StoppedWithin,
            StopReason::Deadline => Self::StoppedDeadline,
            StopReason::Budget => Self::StoppedBudget,
            StopReason::AskedLonger => Self::StoppedAskedLonger,
            StopReason::Nested => Self::StoppedNested,
            StopReason::Cancelled => Self::StoppedCancelled,
            StopReason::Shutdown => Self::StoppedShutdown,
        }
    }
}

/// Whether refusals are counted, and so have to be told of though nobody listens.
pub(crate) const COUNTS_REFUSALS: bool = cfg!(feature = "metrics");

/// Counts a call that `policy` has refused under `name`, a breaker's, a bulkhead's, a rate limit's or that of
/// keys. Without the feature `metrics` it does nothing.
#[inline]
pub(crate) fn refused(policy: &'static str, name: &'static str) {
    #[cfg(feature = "metrics")]
    super::refusals::count(policy, name);
    let _ = (policy, name);
}

/// The number of things that are counted.
#[cfg(feature = "counts")]
pub(crate) const COUNTS: usize = Count::StoppedShutdown as usize + 1;

#[cfg(feature = "metrics")]
impl Count {
    /// The reasons for which retries stop.
    pub(crate) const STOPS: [StopReason; 9] = [
        StopReason::Exhausted,
        StopReason::Final,
        StopReason::Within,
        StopReason::Deadline,
        StopReason::Budget,
        StopReason::AskedLonger,
        StopReason::Nested,
        StopReason::Cancelled,
        StopReason::Shutdown,
    ];
}
