//! The policy that a refusal came from.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::compact_duration::CompactDuration;

/// The kind of a refusal: the policy that it came from.
///
/// It is kept beside the user's error that a [`Refusal`] was converted into, and it is the last
/// [`source`](std::error::Error::source) of an [`Error`]. By that source resil's own errors are
/// recognised inside the errors of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusalKind {
    /// A timeout.
    #[error("cut by {}", if *inherited { "the deadline of its caller" } else { "a #[timeout]" })]
    Timeout {
        /// Whether a deadline of the caller's was the sooner one.
        inherited: bool,
    },
    /// An open circuit.
    #[error("refused by a #[circuit]")]
    CircuitOpen {
        /// The time until the next probe may run, if it is known.
        retry_in: Option<CompactDuration>,
    },
    /// A bulkhead without a place.
    #[error("refused by a #[bulkhead]")]
    BulkheadFull,
    /// A rate limit that is reached.
    #[error("refused by a #[rate_limit]")]
    RateLimited {
        /// The time until the call would be let in, if it is known.
        retry_after: Option<CompactDuration>,
        /// Whether it can ever be let in.
        is_possible: bool,
    },
    /// A wait that was ended from outside.
    #[error("cancelled from outside while it waited")]
    Cancelled,
    /// An injected error.
    #[error("injected in place of a run")]
    Injected,
    /// An idempotency refusal.
    #[error("refused by an #[idempotent]")]
    Idempotency,
}

impl RefusalKind {
    /// Returns the kind as a word that is not zero.
    pub(crate) fn to_bits(self) -> u64 {
        match self {
            Self::Timeout { inherited } => 1 | u64::from(inherited) << 8,
            Self::CircuitOpen { retry_in } => {
                2 | u64::from(retry_in.map_or(0, |p| p.to_bits().get())) << 32
            }
            Self::Idempotency => 3,
            Self::BulkheadFull => 4,
            Self::Cancelled => 6,
            Self::Injected => 7,
            Self::RateLimited {
                retry_after,
                is_possible,
            } => {
                5 | u64::from(is_possible) << 8
                    | u64::from(retry_after.map_or(0, |p| p.to_bits().get())) << 32
            }
        }
    }

    /// Returns the kind whose [`to_bits`](Self::to_bits) are `bits`; `None` for zero.
    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        let high = u32::try_from(bits >> 32).unwrap_or_default();
        match bits & 0xff {
            1 => Some(Self::Timeout {
                inherited: bits >> 8 != 0,
            }),
            2 => Some(Self::CircuitOpen {
                retry_in: NonZeroU32::new(high).map(CompactDuration::of_bits),
            }),
            3 => Some(Self::Idempotency),
            4 => Some(Self::BulkheadFull),
            5 => Some(Self::RateLimited {
                retry_after: NonZeroU32::new(high).map(CompactDuration::of_bits),
                is_possible: bits & 0x100 != 0,
            }),
            6 => Some(Self::Cancelled),
            7 => Some(Self::Injected),
            _ => None,
        }
    }

    /// Returns the time to wait before another call makes sense, if the refusal says so.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::CircuitOpen {
                retry_in: Some(wait),
            }
            | Self::RateLimited {
                retry_after: Some(wait),
                ..
            } => Some(wait.get()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::{cases, durations};

    #[test]
    fn a_kind_survives_as_a_word() {
        for kind in [
            RefusalKind::Timeout { inherited: true },
            RefusalKind::Timeout { inherited: false },
            RefusalKind::CircuitOpen { retry_in: None },
            RefusalKind::CircuitOpen {
                retry_in: Some(CompactDuration::new(Duration::from_secs(86_400 * 400))),
            },
            RefusalKind::Idempotency,
            RefusalKind::BulkheadFull,
            RefusalKind::Cancelled,
            RefusalKind::Injected,
            RefusalKind::RateLimited {
                retry_after: None,
                is_possible: false,
            },
            RefusalKind::RateLimited {
                retry_after: Some(CompactDuration::new(Duration::from_millis(3))),
                is_possible: true,
            },
        ] {
            assert_eq!(RefusalKind::from_bits(kind.to_bits()), Some(kind));
        }
        assert_eq!(RefusalKind::from_bits(0), None);
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn a_kind_with_any_duration_survives_as_a_word(d in durations()) {
            let kind = RefusalKind::CircuitOpen { retry_in: Some(CompactDuration::new(d)) };
            proptest::prop_assert_eq!(RefusalKind::from_bits(kind.to_bits()), Some(kind));
        }
    }
}
