//! Which outcomes of a call are recorded: `forget_ok` and `errors` of the attribute.

#[cfg(feature = "store")]
use crate::idempotency::any_codec::StoredCodec;
#[cfg(feature = "store")]
use crate::idempotency::call_store::{AnyValue, any_values, any_values_and_errors};
use crate::idempotency::codec::{ResultCodec, recorded, recorded_with_errors};
use crate::idempotency::{Recordable, RecordableError};

/// Says which values are not recorded, and free the key.
pub trait ForgetsOk<T> {
    /// Returns whether `value` is not to be recorded.
    #[doc(hidden)]
    fn forgets(&self, value: &T) -> bool;
}

/// Says which errors are recorded and replayed.
pub trait StoresErrors<E> {
    /// Returns whether `error` is to be recorded.
    #[doc(hidden)]
    fn stores(&self, error: &E) -> bool;

    /// Returns the codec of the outcomes.
    #[doc(hidden)]
    fn codec<T: Recordable>() -> ResultCodec<T, E>;

    /// Returns the codec of the outcomes on a store.
    #[cfg(feature = "store")]
    #[doc(hidden)]
    fn any_codec<T: Recordable + Send + 'static>() -> StoredCodec<AnyValue, AnyValue>;
}

/// Every value is recorded: the default.
#[derive(Debug, Clone, Copy)]
pub struct OksRecorded(pub(super) ());

/// Every error frees its key: the default, and `errors = forget` of the attribute.
#[derive(Debug, Clone, Copy)]
pub struct ErrorsForgotten(pub(super) ());

/// Every error is recorded: `errors = store` of the attribute.
#[derive(Debug, Clone, Copy)]
pub struct ErrorsStored(pub(super) ());

/// The values or errors for which a closure returns `true`: `forget_ok(PATTERN)` and
/// `errors = store(PATTERN)` of the attribute.
#[derive(Debug, Clone, Copy)]
pub struct Matching<F>(pub(super) F);

impl<T> ForgetsOk<T> for OksRecorded {
    fn forgets(&self, _: &T) -> bool {
        false
    }
}

impl<T, F: Fn(&T) -> bool> ForgetsOk<T> for Matching<F> {
    fn forgets(&self, value: &T) -> bool {
        (self.0)(value)
    }
}

impl<E> StoresErrors<E> for ErrorsForgotten {
    fn stores(&self, _: &E) -> bool {
        false
    }

    fn codec<T: Recordable>() -> ResultCodec<T, E> {
        recorded::<Result<T, E>, T, E>()
    }

    #[cfg(feature = "store")]
    fn any_codec<T: Recordable + Send + 'static>() -> StoredCodec<AnyValue, AnyValue> {
        any_values::<T>()
    }
}

macro_rules! stored {
    ($([$($of:tt)*] $for:ty: |$this:ident, $error:ident| $stores:expr;)*) => {$(
        impl<E: RecordableError + Send + 'static $($of)*> StoresErrors<E> for $for {
            fn stores(&self, error: &E) -> bool {
                let ($this, $error) = (self, error);
                $stores
            }

            fn codec<T: Recordable>() -> ResultCodec<T, E> {
                recorded_with_errors::<Result<T, E>, T, E>()
            }

            #[cfg(feature = "store")]
            fn any_codec<T: Recordable + Send + 'static>() -> StoredCodec<AnyValue, AnyValue> {
                any_values_and_errors::<T, E>()
            }
        }
    )*};
}

stored! {
    [] ErrorsStored: |_this, _error| true;
    [, F: Fn(&E) -> bool] Matching<F>: |this, error| (this.0)(error);
}
