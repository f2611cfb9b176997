//! The classes of errors, and the trait that tells them.

use std::time::Duration;

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
