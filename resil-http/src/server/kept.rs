//! What all services of a layer share.

use std::fmt;
use std::mem::needs_drop;
use std::ops::Deref;
use std::sync::Arc;

/// What all services of a layer share, without a count of references where nothing has to be given back in the end.
///
/// axum clones a service for each request. A count that each of them writes to goes from core to core.
pub(super) enum Kept<T: ?Sized + 'static> {
    /// It is kept for ever.
    Forever(&'static T),
    Counted(Arc<T>),
}

impl<T: ?Sized> Kept<T> {
    /// Keeps a function. One that has captured nothing, as nearly all do, takes no memory, and may stay for ever.
    ///
    /// `known` and `counted` say what it is kept as.
    pub(super) fn function<F>(
        function: F,
        known: fn(&'static F) -> &'static T,
        counted: fn(Arc<F>) -> Arc<T>,
    ) -> Self {
        if size_of::<F>() == 0 && !needs_drop::<F>() {
            Self::Forever(known(Box::leak(Box::new(function))))
        } else {
            Self::Counted(counted(Arc::new(function)))
        }
    }
}

impl<T: ?Sized> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Forever(kept) => kept,
            Self::Counted(kept) => kept,
        }
    }
}

impl<T: ?Sized> Clone for Kept<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Forever(kept) => Self::Forever(kept),
            Self::Counted(kept) => Self::Counted(Arc::clone(kept)),
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
