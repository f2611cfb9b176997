//! The one public error, and the small form of it that travels between the layers of a stack.
//!
//! A layer that refuses makes a [`Refusal`]: 16 bytes, so that the `Result` of every layer stays
//! small. It becomes an [`Error`] with plain, readable fields where it becomes the user's own
//! error type: at the edge of the function, or when a pattern inside has to look at it.

#[cfg(feature = "axum")]
mod response;
#[cfg(feature = "tonic")]
mod status;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::site::Site;

/// What resil itself answers, in place of the body's own outcome.
///
/// A function's error type takes it up with a `From<resil::Error>`: a `#[from]` variant,
/// `anyhow::Error`, `eyre::Report`, `Box<dyn std::error::Error + Send + Sync>`, `std::io::Error`
/// and this type itself all serve.
///
/// The last of its [`source`](std::error::Error::source)s says which policy it was. So it is known
/// again, by a `#[retry]` or a `#[circuit]` around, also where an error type of the user's shows it
/// as its own (`#[error(transparent)]`) inside an `anyhow::Error` or a `Box<dyn Error>`.
///
/// With the feature `axum` it is an HTTP response, with the feature `tonic` a `tonic::Status` is made
/// of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A `#[timeout]` fired: what was inside it was dropped where it stood.
    #[non_exhaustive]
    Timeout {
        /// The annotated function.
        function: &'static str,
        /// The limit as written.
        limit: Duration,
        /// It was cut shorter, by a deadline that the caller had set with
        /// [`Deadline::scope`](crate::Deadline::scope) or carried into a task.
        inherited: bool,
    },
    /// A circuit breaker refused before the body ran.
    CircuitOpen {
        /// The breaker's name: the one given, or the site's.
        name: &'static str,
        /// When a probe may be let in; `None` when the probes are all out, or when it was forced
        /// open by hand.
        retry_in: Option<Duration>,
    },
    /// `#[idempotent]` refused, or could not answer with the recorded result.
    #[cfg(feature = "idempotent")]
    Idempotency(crate::idempotency::IdempotencyError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout {
                function,
                limit,
                inherited,
            } => {
                let hint = timeout_hint(*limit, *inherited);
                write!(f, "`{function}` timed out: {hint}")
            }
            Self::CircuitOpen { name, retry_in } => {
                write!(f, "circuit `{name}` is open{}", retry_hint(*retry_in))
            }
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let by = match self {
            Self::Timeout {
                inherited: true, ..
            } => &By::Deadline,
            Self::Timeout { .. } => &By::Timeout,
            Self::CircuitOpen { .. } => &By::Circuit,
            #[cfg(feature = "idempotent")]
            // What the store said is in the text, and in the `IdempotencyError`: as a source it would
            // be what a wrapper of this error is taken for.
            Self::Idempotency(_) => &By::Idempotent,
        };
        Some(by)
    }
}

#[cfg(feature = "idempotent")]
impl From<crate::idempotency::IdempotencyError> for Error {
    fn from(e: crate::idempotency::IdempotencyError) -> Self {
        Self::Idempotency(e)
    }
}

/// Which policy an [`Error`] is of: its last source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum By {
    #[error("cut by a #[timeout]")]
    Timeout,
    #[error("cut by the deadline of its caller")]
    Deadline,
    #[error("refused by a #[circuit]")]
    Circuit,
    #[cfg(feature = "idempotent")]
    #[error("refused by an #[idempotent]")]
    Idempotent,
}

fn retry_hint(retry_in: Option<Duration>) -> String {
    match retry_in {
        Some(d) => format!(", the next probe may run in {d:.0?}"),
        None => ", its probes are all out or it is held open by hand".to_owned(),
    }
}

fn timeout_hint(limit: Duration, inherited: bool) -> String {
    if inherited {
        "the deadline of its caller has passed".to_owned()
    } else {
        format!("its #[timeout] of {limit:?} has passed")
    }
}

impl Error {
    /// How long to wait before the call is worth repeating, where this error knows.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::CircuitOpen { retry_in, .. } => *retry_in,
            Self::Timeout { .. } => None,
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => e.retry_after(),
        }
    }
}

/// `std::io::Error` serves as a function's error type: the kind is `TimedOut` for a timeout and
/// `Other` else, and the [`Error`] is found by `get_ref` and a downcast.
impl From<Error> for std::io::Error {
    fn from(e: Error) -> Self {
        let kind = match e {
            Error::Timeout { .. } => std::io::ErrorKind::TimedOut,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, e)
    }
}

/// What a layer answers in place of the body: an [`Error`] in 16 bytes.
#[derive(Debug)]
#[doc(hidden)]
pub enum Refusal {
    /// A timeout of `site` fired; `inherited` where a caller's own deadline was the sooner one.
    Timeout {
        site: &'static Site,
        limit: Packed,
        inherited: bool,
    },
    /// The breaker of that name refused.
    CircuitOpen {
        name: &'static &'static str,
        retry_in: Option<Packed>,
    },
    /// Boxed: it is rare, and larger than all others together.
    #[cfg(feature = "idempotent")]
    Idempotency(Box<crate::idempotency::IdempotencyError>),
}

impl Refusal {
    /// What is remembered of it once it has become the user's error.
    pub(crate) fn raised(&self) -> Raised {
        match self {
            Self::Timeout { inherited, .. } => Raised::Timeout {
                inherited: *inherited,
            },
            Self::CircuitOpen { retry_in, .. } => Raised::CircuitOpen {
                retry_in: *retry_in,
            },
            #[cfg(feature = "idempotent")]
            Self::Idempotency(_) => Raised::Idempotency,
        }
    }
}

impl From<Refusal> for Error {
    fn from(r: Refusal) -> Self {
        match r {
            Refusal::Timeout {
                site,
                limit,
                inherited,
            } => Self::Timeout {
                function: site.name(),
                limit: limit.get(),
                inherited,
            },
            Refusal::CircuitOpen { name, retry_in } => Self::CircuitOpen {
                name,
                retry_in: retry_in.map(Packed::get),
            },
            #[cfg(feature = "idempotent")]
            Refusal::Idempotency(e) => Self::Idempotency(*e),
        }
    }
}

/// As the [`Error`] that it becomes.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::Timeout {
                site,
                limit,
                inherited,
            } => Error::Timeout {
                function: site.name(),
                limit: limit.get(),
                inherited: *inherited,
            },
            Self::CircuitOpen { name, retry_in } => Error::CircuitOpen {
                name,
                retry_in: retry_in.map(Packed::get),
            },
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => return e.fmt(f),
        };
        error.fmt(f)
    }
}

/// Which policy refused, kept beside the user's error that was made of the [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Raised {
    /// A timeout; `inherited` where a caller's own deadline was the sooner one.
    Timeout { inherited: bool },
    /// An open circuit.
    CircuitOpen { retry_in: Option<Packed> },
    /// An idempotency refusal.
    Idempotency,
}

impl Raised {
    /// A word that is not zero.
    pub(crate) fn to_bits(self) -> u64 {
        match self {
            Self::Timeout { inherited } => 1 | u64::from(inherited) << 8,
            Self::CircuitOpen { retry_in } => {
                2 | u64::from(retry_in.map_or(0, |p| p.0.get())) << 32
            }
            Self::Idempotency => 3,
        }
    }

    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        let high = u32::try_from(bits >> 32).unwrap_or_default();
        match bits & 0xff {
            1 => Some(Self::Timeout {
                inherited: bits >> 8 != 0,
            }),
            2 => Some(Self::CircuitOpen {
                retry_in: NonZeroU32::new(high).map(Packed),
            }),
            3 => Some(Self::Idempotency),
            _ => None,
        }
    }

    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::CircuitOpen { retry_in } => retry_in.map(Packed::get),
            _ => None,
        }
    }
}

/// A duration in four bytes: exact to the microsecond below 17 minutes, to the millisecond below
/// 12 days, to the second above, saturating after 34 years.
#[derive(Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Packed(NonZeroU32);

impl Packed {
    const BITS: u32 = 30;
    const MAX: u128 = (1 << Self::BITS) - 1;

    /// `d` rounded up to the unit that fits it.
    pub(crate) fn new(d: Duration) -> Self {
        let (unit, n) = if d.as_nanos().div_ceil(1_000) <= Self::MAX {
            (1, d.as_nanos().div_ceil(1_000))
        } else if d.as_nanos().div_ceil(1_000_000) <= Self::MAX {
            (2, d.as_nanos().div_ceil(1_000_000))
        } else {
            (3, d.as_nanos().div_ceil(1_000_000_000).min(Self::MAX))
        };
        let n = u32::try_from(n).unwrap_or(u32::MAX >> 2);
        // The unit is 1 to 3, so the word is never zero.
        Self(NonZeroU32::new(unit << Self::BITS | n).unwrap_or(NonZeroU32::MIN))
    }

    pub(crate) fn get(self) -> Duration {
        let n = u64::from(self.0.get() & ((1 << Self::BITS) - 1));
        match self.0.get() >> Self::BITS {
            1 => Duration::from_micros(n),
            2 => Duration::from_millis(n),
            _ => Duration::from_secs(n),
        }
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::{cases, durations};

    #[test]
    fn a_refusal_stays_small() {
        assert_eq!(size_of::<Refusal>(), 16);
        assert!(size_of::<Raised>() <= 8);
        assert!(size_of::<Error>() <= 40);
    }

    #[test]
    fn what_was_raised_survives_as_a_word() {
        for raised in [
            Raised::Timeout { inherited: true },
            Raised::Timeout { inherited: false },
            Raised::CircuitOpen { retry_in: None },
            Raised::CircuitOpen {
                retry_in: Some(Packed::new(Duration::from_secs(86_400 * 400))),
            },
            Raised::Idempotency,
        ] {
            assert_eq!(Raised::from_bits(raised.to_bits()), Some(raised));
        }
        assert_eq!(Raised::from_bits(0), None);
    }

    #[test]
    fn packed_durations_round_up_in_their_unit() {
        for d in [
            Duration::ZERO,
            Duration::from_micros(250),
            Duration::from_millis(1_500),
            Duration::from_secs(5),
            Duration::from_secs(86_400),
            Duration::from_secs(86_400 * 400),
        ] {
            assert_eq!(Packed::new(d).get(), d);
        }
        assert_eq!(
            Packed::new(Duration::from_nanos(1)).get(),
            Duration::from_micros(1)
        );
        assert!(Packed::new(Duration::MAX).get() >= Duration::from_secs(1_000_000_000));
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn a_packed_duration_is_not_shorter_and_by_less_than_its_unit_longer(d in durations()) {
            const SECOND: u64 = 1_000_000_000;
            let got = Packed::new(d).get();
            let most = Duration::from_secs((1 << 30) - 1);
            if d > most {
                proptest::prop_assert_eq!(got, most);
            } else {
                let unit = match d.as_secs() {
                    0..1_073 => 1_000,
                    1_073..1_073_741 => 1_000_000,
                    _ => SECOND,
                };
                // At the very borders the next unit may have been needed.
                let unit = Duration::from_nanos(unit.min(SECOND));
                let next = (unit * 1_000).min(Duration::from_secs(1));
                proptest::prop_assert!(got >= d && got < d.saturating_add(next));
                if d.as_secs() != 1_073 && d.as_secs() != 1_073_741 {
                    proptest::prop_assert!(got < d.saturating_add(unit));
                }
            }
            let raised = Raised::CircuitOpen { retry_in: Some(Packed::new(d)) };
            proptest::prop_assert_eq!(Raised::from_bits(raised.to_bits()), Some(raised));
        }
    }
}
