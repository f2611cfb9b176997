//! The value of a `#[fallback]`: the function's `Result`, or its success.

use crate::call::conversions::Conversions;

/// A value that a `#[fallback]` may have: the function's `Result<T, E>`, or its `T`.
#[diagnostic::on_unimplemented(
    message = "a `#[fallback]` gives the function's `Result<{T}, {E}>` or its `{T}`, and this is `{Self}`",
    label = "neither `Result<{T}, {E}>` nor `{T}`"
)]
pub trait FallbackValue<T, E> {
    #[doc(hidden)]
    fn into_result(self) -> Result<T, E>;
}

// The two never meet: no type is a `Result` of itself.
#[diagnostic::do_not_recommend]
impl<T, E> FallbackValue<T, E> for Result<T, E> {
    fn into_result(self) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> FallbackValue<T, E> for T {
    fn into_result(self) -> Result<T, E> {
        Ok(self)
    }
}

/// Converts the value of the user's expression into the return type of the function.
///
/// The conversions come first: so the function's types are known when rustc looks at the value, and it
/// reports a wrong type at the value.
#[cold]
pub fn fallback_value<R, T, E, P>(
    conversions: Conversions<R, T, E, P>,
    value: impl FallbackValue<T, E>,
) -> R {
    conversions.join(value.into_result())
}
