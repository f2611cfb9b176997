//! Downcasting an error to a known type.

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;

use super::class::{Class, Classify};

/// Returns the error as a `T`, also if it is an `Arc<T>` or a `Box<T>`, which as a source are types
/// of their own.
pub(super) fn held<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    error
        .downcast_ref::<T>()
        .or_else(|| error.downcast_ref::<Arc<T>>().map(|e| &**e))
        .or_else(|| error.downcast_ref::<Box<T>>().map(|e| &**e))
}

/// Returns the class of the error if it is a `T`.
pub(super) fn class_of<T: Classify + StdError + 'static>(
    error: &(dyn StdError + 'static),
) -> Option<Class> {
    held::<T>(error).map(Classify::classify)
}

/// Returns the class of the value if it is a `T`.
pub(super) fn class_of_value<T: Classify + 'static>(value: &dyn Any) -> Option<Class> {
    value.downcast_ref::<T>().map(Classify::classify)
}
