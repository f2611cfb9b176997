//! The classes of errors, and the trait that tells them.

use std::time::Duration;

/// What an error says about another attempt and about the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The fault may pass: it is worth another attempt, and a sign that the other side is failing.
    Transient,
    /// The other side asks to be called less often.
    Throttled {
        /// How long it asks to be left alone, if it says so.
        retry_after: Option<Duration>,
    },
    /// The same call would fail again. The other side is well, as it has answered.
    Permanent,
    /// A limit on this side refused the call before it was sent: it is worth another attempt later, and
    /// says nothing about the other side.
    Limited {
        /// The time until the limit would let it pass, if that is known.
        retry_after: Option<Duration>,
    },
    /// The error says nothing about the other side, and no other attempt is wanted.
    Neutral,
}

/// An error type that knows the class of its values.
///
/// No attribute has to name it: if the error type of a function implements it, `#[retry]` and
/// `#[circuit]` use it (in a generic function only if it is among the bounds). Derive it on an enum
/// with `#[derive(resil::Classify)]`, or implement it:
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
    /// Returns the class of this error. It is called a few times for each failure, so it should be
    /// cheap.
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
