//! Looking at an error as one of a known type.

use std::error::Error as StdError;
use std::sync::Arc;

use super::class::{Class, Classify};

/// The error as a `T`, also where it is shared or boxed: as a source of its own, an `Arc<T>` is not
/// a `T`.
pub(super) fn held<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    error
        .downcast_ref::<T>()
        .or_else(|| error.downcast_ref::<Arc<T>>().map(|e| &**e))
        .or_else(|| error.downcast_ref::<Box<T>>().map(|e| &**e))
}

/// The class of an error of type `T`.
pub(super) fn class_of<T: Classify + StdError + 'static>(
    error: &(dyn StdError + 'static),
) -> Option<Class> {
    held::<T>(error).map(Classify::classify)
}
