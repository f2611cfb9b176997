//! Errors told apart: which are worth another try, which say that the other side is unwell.
//!
//! | [`Class`] | retry | circuit | examples |
//! |---|---|---|---|
//! | [`Transient`](Class::Transient) | again | failure | timeouts, connection faults, 502, 503, 504; what is unknown |
//! | [`Throttled`](Class::Throttled) | again, after what was asked for | failure | 429 |
//! | [`Permanent`](Class::Permanent) | final | success: the other side answered | 400, 401, 403, 404 |
//! | [`Neutral`](Class::Neutral) | final | neither | cancellations, what resil itself refused before the body ran |
//!
//! A timeout may be the network's or a moment's overload, and another try may find the other side
//! well: transient. 502 and 504 speak of a gateway whose upstream failed, 503 of a server that will
//! be back. 429 says that the caller is too fast, and often how long to wait. 400, 401, 403 and 404
//! would come again however often the request is sent. A cancellation says nothing of the other
//! side, and whoever cancelled wants no more tries. What is unknown is transient: a try too many
//! costs less than a call that is lost, and the retry budget bounds it.

mod chain;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "tokio-postgres")]
mod postgres;
mod probe;
#[cfg(feature = "redis")]
mod redis;
mod registry;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry_after;
#[cfg(feature = "tonic")]
mod tonic;

use std::io;
use std::time::Duration;

pub use self::chain::find;
#[cfg(feature = "http")]
pub use self::http::retry_after;
pub use self::probe::{Forward, Probe, RetryAfter};
pub use self::registry::register;
#[doc(hidden)]
pub use self::registry::{Derived, Link};
pub use self::retry_after::parse_retry_after;

use crate::error::{By, Error};

/// What an error says of another try and of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// It may pass: worth another try, and a sign that the other side is unwell.
    Transient,
    /// The other side asks to be called less often.
    Throttled {
        /// How long it wants to be left alone, where it says so.
        retry_after: Option<Duration>,
    },
    /// The same call would fail again; the other side is well, for it has answered.
    Permanent,
    /// Nothing was learnt of the other side, and no other try is wanted.
    Neutral,
}

/// An error type that knows what its values mean.
///
/// No attribute has to name it: where a function's error type has it, `#[retry]` and `#[circuit]`
/// go by it (in a generic function only if it is among the bounds). Derive it on an enum with
/// `#[derive(resil::Classify)]`, or write it by hand:
///
/// ```
/// use resil_runtime::{Class, Classify};
///
/// enum ApiError {
///     Connection,
///     Status(u16),
/// }
///
/// impl Classify for ApiError {
///     fn classify(&self) -> Class {
///         match self {
///             Self::Connection => Class::Transient,
///             Self::Status(s) => resil_runtime::classify::http_status(*s, None),
///         }
///     }
/// }
/// # assert_eq!(ApiError::Status(404).classify(), Class::Permanent);
/// # assert_eq!(ApiError::Connection.classify(), Class::Transient);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Classify` to forward to",
    label = "this field's type does not implement `Classify`",
    note = "derive it on `{Self}`, or say what the variant is: `#[transient]`, `#[permanent]` or `#[throttled]`"
)]
pub trait Classify {
    /// What this error is. Called after a failure, at most a few times each; it should be cheap.
    fn classify(&self) -> Class;
}

/// What an HTTP status says; `retry_after` is what the response asked for, where it was read.
///
/// 408, 425 and 5xx are transient (RFC 9110 and RFC 8470 say of the first two that the request may
/// be repeated), but for 501 and 505, which will never be otherwise; a 503 that names a time, and
/// 429, are throttled; all others are permanent.
pub fn http_status(status: u16, retry_after: Option<Duration>) -> Class {
    match (status, retry_after) {
        (429, _) | (503, Some(_)) => Class::Throttled { retry_after },
        (501 | 505, _) => Class::Permanent,
        (408 | 425 | 500..=599, _) => Class::Transient,
        _ => Class::Permanent,
    }
}

impl Classify for Error {
    fn classify(&self) -> Class {
        match self {
            // A caller's own deadline that passed says nothing of what was called.
            Self::Timeout {
                inherited: true, ..
            } => Class::Neutral,
            Self::Timeout { .. } => Class::Transient,
            // Refused before the body ran.
            _ => Class::Neutral,
        }
    }
}

impl By {
    /// What [`Error`]s of it say.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Timeout => Class::Transient,
            _ => Class::Neutral,
        }
    }
}

impl Classify for io::Error {
    /// By its kind: faults of the connection, of the moment and of an unknown kind are transient,
    /// what the request or the machine's state is to blame for is permanent. No free port to
    /// connect from (`AddrNotAvailable`) is of the moment. An error inside whose class is known
    /// ([`find`]) decides.
    fn classify(&self) -> Class {
        use io::ErrorKind as K;

        if let Some(inner) = self.get_ref()
            && let Some(class) = find(inner)
        {
            return class;
        }
        match self.kind() {
            K::NotFound
            | K::PermissionDenied
            | K::AlreadyExists
            | K::InvalidInput
            | K::InvalidData
            | K::Unsupported
            | K::NotADirectory
            | K::IsADirectory
            | K::DirectoryNotEmpty
            | K::ReadOnlyFilesystem
            | K::StorageFull
            | K::FileTooLarge
            | K::InvalidFilename
            | K::ArgumentListTooLong
            | K::CrossesDevices => Class::Permanent,
            _ => Class::Transient,
        }
    }
}

impl<T: Classify + ?Sized> Classify for Box<T> {
    fn classify(&self) -> Class {
        (**self).classify()
    }
}

impl<T: Classify + ?Sized> Classify for std::sync::Arc<T> {
    fn classify(&self) -> Class {
        (**self).classify()
    }
}
