//! The refusal of a layer in 16 bytes, and its kind.

use std::fmt;

use super::Error;
use super::kind::RefusalKind;
use crate::call::Site;
use crate::compact_duration::CompactDuration;

/// The error that a layer raises in place of the body's outcome: the small form of an [`Error`], 16
/// bytes.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// A timeout fired.
    Timeout {
        /// The annotated function.
        site: &'static Site,
        /// The limit as written.
        limit: CompactDuration,
        /// Whether a deadline of the caller's was the sooner one.
        inherited: bool,
    },
    /// A breaker refused.
    CircuitOpen {
        /// The breaker's name.
        name: &'static &'static str,
        /// The time until the next probe may run, if it is known.
        retry_in: Option<CompactDuration>,
    },
    /// A bulkhead had no place.
    BulkheadFull {
        /// The bulkhead's name.
        name: &'static &'static str,
        /// The limit of calls at once.
        limit: u32,
    },
    /// A rate limit refused.
    RateLimited {
        /// The rate limit's name.
        name: &'static &'static str,
        /// The time until the call would be let in; `None` if it never can be.
        retry_after: Option<CompactDuration>,
    },
    /// A wait was ended from outside: the scope is cancelled, or the process shuts down.
    Cancelled,
    /// An error was injected in place of a run of the body.
    Injected {
        /// The annotated function.
        site: &'static Site,
    },
    /// `#[idempotent]` refused. Boxed, as it is rare, and larger than all others together.
    #[cfg(feature = "idempotent")]
    Idempotency(Box<crate::error::idempotency::IdempotencyError>),
}

impl Refusal {
    /// Returns the kind of the refusal.
    pub(crate) fn kind(&self) -> RefusalKind {
        match self {
            Self::Timeout { inherited, .. } => RefusalKind::Timeout {
                inherited: *inherited,
            },
            Self::CircuitOpen { retry_in, .. } => RefusalKind::CircuitOpen {
                retry_in: *retry_in,
            },
            Self::BulkheadFull { .. } => RefusalKind::BulkheadFull,
            Self::RateLimited { retry_after, .. } => RefusalKind::RateLimited {
                retry_after: *retry_after,
                is_possible: retry_after.is_some(),
            },
            Self::Cancelled => RefusalKind::Cancelled,
            Self::Injected { .. } => RefusalKind::Injected,
            #[cfg(feature = "idempotent")]
            Self::Idempotency(_) => RefusalKind::Idempotency,
        }
    }
}

impl Refusal {
    /// Returns the public form. A `From` would show this type in the documentation of [`Error`].
    // Inlined where it is converted into the user's error, of which there is one place a type: there
    // the fields go where they belong without a copy.
    #[inline]
    pub fn into_error(self) -> Error {
        match self {
            Self::Timeout {
                site,
                limit,
                inherited,
            } => Error::Timeout {
                function: site.name(),
                limit: limit.get(),
                inherited,
            },
            Self::CircuitOpen { name, retry_in } => Error::CircuitOpen {
                name,
                retry_in: retry_in.map(CompactDuration::get),
            },
            Self::BulkheadFull { name, limit } => Error::BulkheadFull { name, limit },
            Self::Cancelled => Error::Cancelled,
            Self::Injected { site } => Error::Injected {
                function: site.name(),
            },
            Self::RateLimited { name, retry_after } => Error::RateLimited {
                name,
                retry_after: retry_after.map(CompactDuration::get),
            },
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => Error::Idempotency(*e),
        }
    }
}

/// Shows the text of the [`Error`] that the refusal becomes.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_error().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stays_small() {
        assert_eq!(size_of::<Refusal>(), 16);
        assert!(size_of::<RefusalKind>() <= 8);
        assert!(size_of::<Error>() <= 40);
    }
}
