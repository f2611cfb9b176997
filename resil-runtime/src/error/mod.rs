//! The errors that resil itself raises: the public [`Error`], and its small form `Refusal` that
//! travels between the layers of a stack.
//!
//! A layer that refuses makes a `Refusal` of 16 bytes, so that the `Result` of every layer stays
//! small. The refusal becomes an [`Error`] with plain, readable fields where it is converted into
//! the user's own error type: when the function returns, or when a pattern inside has to match it.

#[cfg(any(all(feature = "edge", not(loom)), feature = "tonic"))]
#[cfg_attr(
    not(feature = "edge"),
    allow(unreachable_pub, reason = "an edge has it too")
)]
pub(crate) mod grpc;
#[cfg(feature = "idempotent")]
pub(crate) mod idempotency;
pub(crate) mod kind;
#[cfg(feature = "edge")]
pub(crate) mod late;
pub(crate) mod refusal;
#[cfg(feature = "axum")]
pub(crate) mod response;
#[cfg(feature = "tonic")]
mod status;
#[cfg(feature = "idempotent")]
pub(crate) mod store;

use std::fmt;
use std::time::Duration;

use resil_language::plural::counted;

pub(crate) use self::kind::RefusalKind;
pub(crate) use self::refusal::Refusal;

/// The error that a layer raises in place of the body's own outcome: a refusal.
///
/// The error type of an annotated function needs a `From<resil::Error>`: a `#[from]` variant,
/// `anyhow::Error`, `eyre::Report`, `Box<dyn std::error::Error + Send + Sync>`, `std::io::Error`
/// and this type itself all have it.
///
/// The last of its [`source`](std::error::Error::source)s says which policy refused. By that source
/// a `#[retry]` or a `#[circuit]` around recognises the refusal, even if an error type of the
/// user's shows it as its own (`#[error(transparent)]`) inside an `anyhow::Error` or a
/// `Box<dyn Error>`.
///
/// With the feature `axum` it implements `IntoResponse`; with the feature `tonic` it converts into
/// a `tonic::Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The limit of a `#[timeout]` passed, and the future inside was dropped.
    #[non_exhaustive]
    Timeout {
        /// The annotated function: module path and name.
        function: &'static str,
        /// The limit as written.
        limit: Duration,
        /// Whether a sooner deadline ended the body, which the caller had set with
        /// [`Deadline::scope`](crate::Deadline::scope) or carried into a task.
        inherited: bool,
    },
    /// A circuit breaker refused before the body ran.
    CircuitOpen {
        /// The breaker's name: the one given to it, or the path of the function.
        name: &'static str,
        /// The time until a probe may be let in; `None` if all probes are out, or if the breaker is
        /// held open manually.
        retry_in: Option<Duration>,
    },
    /// A bulkhead had no place for the call, or none in time, and refused before the body ran.
    #[non_exhaustive]
    BulkheadFull {
        /// The bulkhead's name: the one given to it, or the path of the function.
        name: &'static str,
        /// The limit of calls at once when it refused.
        limit: u32,
    },
    /// A rate limit refused before the body ran.
    RateLimited {
        /// The rate limit's name: the one given to it, or the path of the function.
        name: &'static str,
        /// The time until the call would be let in; `None` if it never can be, as its cost is above the
        /// burst.
        retry_after: Option<Duration>,
    },
    /// A wait of the call was ended from outside, and it had no error of its own to return: the
    /// `cancel_scope` around it was cancelled, or the process is shutting down.
    ///
    /// It is never retried, and neutral for circuits.
    Cancelled,
    /// The error that was injected in place of a run of the body: see the feature `chaos`.
    #[non_exhaustive]
    Injected {
        /// The annotated function: module path and name.
        function: &'static str,
    },
    /// `#[idempotent]` refused, or could not replay the recorded outcome.
    #[cfg(feature = "idempotent")]
    Idempotency(idempotency::IdempotencyError),
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
            Self::BulkheadFull { name, limit } => {
                let calls = counted(limit, "call at once is", "calls at once are");
                write!(f, "bulkhead `{name}` is full: {calls} allowed")
            }
            Self::RateLimited {
                name,
                retry_after: Some(wait),
            } => write!(f, "rate limit `{name}` is reached, ask again in {wait:.0?}"),
            Self::RateLimited {
                name,
                retry_after: None,
            } => write!(
                f,
                "the call costs more than the burst of rate limit `{name}`"
            ),
            Self::Cancelled => f.write_str("the call was cancelled from outside while it waited"),
            Self::Injected { function } => {
                write!(f, "an error was injected in place of a run of `{function}`")
            }
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let kind: &RefusalKind = match self {
            Self::Timeout {
                inherited: true, ..
            } => &RefusalKind::Timeout { inherited: true },
            Self::Timeout { .. } => &RefusalKind::Timeout { inherited: false },
            Self::CircuitOpen { .. } => &RefusalKind::CircuitOpen { retry_in: None },
            Self::BulkheadFull { .. } => &RefusalKind::BulkheadFull,
            Self::Cancelled => &RefusalKind::Cancelled,
            Self::Injected { .. } => &RefusalKind::Injected,
            Self::RateLimited {
                retry_after: None, ..
            } => &RefusalKind::RateLimited {
                retry_after: None,
                is_possible: false,
            },
            Self::RateLimited { .. } => &RefusalKind::RateLimited {
                retry_after: None,
                is_possible: true,
            },
            #[cfg(feature = "idempotent")]
            // The store's own error is in the text, and in the `IdempotencyError`. It is no source,
            // or a wrapper of this error would be classified by it.
            Self::Idempotency(_) => &RefusalKind::Idempotency,
        };
        Some(kind)
    }
}

#[cfg(feature = "idempotent")]
impl From<idempotency::IdempotencyError> for Error {
    fn from(e: idempotency::IdempotencyError) -> Self {
        Self::Idempotency(e)
    }
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
    /// Returns the time to wait before the call is worth repeating, if it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::CircuitOpen { retry_in, .. } => *retry_in,
            Self::RateLimited { retry_after, .. } => *retry_after,
            Self::Timeout { .. }
            | Self::BulkheadFull { .. }
            | Self::Cancelled
            | Self::Injected { .. } => None,
            #[cfg(feature = "idempotent")]
            Self::Idempotency(e) => e.retry_after(),
        }
    }
}

/// Converts the error, so that `std::io::Error` serves as a function's error type. The kind is
/// `TimedOut` for a timeout and `Other` otherwise; `get_ref` and a downcast give the [`Error`]
/// back.
impl From<Error> for std::io::Error {
    fn from(e: Error) -> Self {
        let kind = match e {
            Error::Timeout { .. } => std::io::ErrorKind::TimedOut,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, e)
    }
}
