//! The codec of a function's results where the feature `store` is on: in memory, and on a store.

use resil_runtime::__private::stores as memory;
use resil_runtime::__private::stores::{InAnyCodec, IsResult, StoredCodec};
use resil_runtime::idempotency::{Recordable, RecordableError};

/// The codec of the results of one function, in memory and on a store. It holds function pointers,
/// so that code that uses it needs no bounds on `T` and `E`.
#[derive(Debug)]
pub struct ResultCodec<T, E> {
    pub(crate) memory: memory::ResultCodec<T, E>,
    pub(crate) stored: StoredCodec<T, E>,
}

impl<T, E> Clone for ResultCodec<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, E> Copy for ResultCodec<T, E> {}

/// Returns the codec of the return type `R`, whose success type is `T`, as
/// [`recorded`](memory::recorded) does in memory.
pub fn recorded<R, T, E>() -> ResultCodec<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
{
    ResultCodec {
        memory: memory::recorded::<R, T, E>(),
        stored: StoredCodec {
            ok: T::fns::<InAnyCodec>,
            err: None,
        },
    }
}

/// Returns the codec of [`recorded`], and records errors too: `errors = store`.
pub fn recorded_with_errors<R, T, E>() -> ResultCodec<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
    E: RecordableError,
{
    ResultCodec {
        memory: memory::recorded_with_errors::<R, T, E>(),
        stored: StoredCodec {
            ok: T::fns::<InAnyCodec>,
            err: Some(E::fns::<InAnyCodec>),
        },
    }
}
