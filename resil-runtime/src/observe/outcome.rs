//! How a call ended, in one word.

#[cfg(feature = "counts")]
use super::count::Count;
use crate::error::RefusalKind;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The body returned a value.
    Ok,
    /// The body returned an error, and that is what the caller got.
    Error,
    /// A timeout cut the call, or a deadline of the caller's did.
    Timeout,
    /// A policy did not let the call run: a circuit, a bulkhead, a rate limit, an `#[idempotent]`.
    Refused,
    /// The outcome is that of an earlier call of the same key.
    Replayed,
    /// A fallback took the place of an error.
    Fallback,
    /// A wait of the call was ended by a scope that was cancelled, or by a shutdown.
    Cancelled,
    /// The caller dropped the call before it was done.
    Dropped,
    /// The body panicked, or another piece of the user's code that the call ran.
    Panicked,
}

impl CallOutcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Error,
        Self::Timeout,
        Self::Refused,
        Self::Replayed,
        Self::Fallback,
        Self::Cancelled,
        Self::Dropped,
        Self::Panicked,
    ];

    /// Returns the outcome in one lower-case word, as metrics, statistics and spans show it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Replayed => "replayed",
            Self::Fallback => "fallback",
            Self::Cancelled => "cancelled",
            Self::Dropped => "dropped",
            Self::Panicked => "panicked",
        }
    }

    /// Returns the outcome of a call that ended with an error: that of the body if `refusal` is `None`.
    pub(crate) fn of_failure(refusal: Option<RefusalKind>) -> Self {
        match refusal {
            // Policies take an injected error for one of the body.
            None | Some(RefusalKind::Injected) => Self::Error,
            Some(RefusalKind::Timeout { .. }) => Self::Timeout,
            Some(RefusalKind::Cancelled) => Self::Cancelled,
            Some(
                RefusalKind::CircuitOpen { .. }
                | RefusalKind::BulkheadFull
                | RefusalKind::RateLimited { .. }
                | RefusalKind::Idempotency,
            ) => Self::Refused,
        }
    }

    /// Returns the outcome as a number, never zero.
    #[cfg(not(loom))]
    pub(crate) fn to_bits(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the outcome whose [`to_bits`](Self::to_bits) are `bits`.
    #[cfg(not(loom))]
    pub(crate) fn of_bits(bits: u8) -> Option<Self> {
        let index = usize::from(bits).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// Returns what is counted of a call that ended so.
    #[cfg(feature = "counts")]
    pub(crate) fn count(self) -> Count {
        match self {
            Self::Ok => Count::Ok,
            Self::Error => Count::Error,
            Self::Timeout => Count::Timeout,
            Self::Refused => Count::Refused,
            Self::Replayed => Count::Replayed,
            Self::Fallback => Count::Fallback,
            Self::Cancelled => Count::Cancelled,
            Self::Dropped => Count::Dropped,
            Self::Panicked => Count::Panicked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_as_a_number() {
        for outcome in CallOutcome::ALL {
            assert_eq!(CallOutcome::of_bits(outcome.to_bits()), Some(outcome));
        }
        assert_eq!(CallOutcome::of_bits(0), None);
    }
}
