//! How an outcome becomes bytes and comes back, and the functions that ask it of the user's types.

mod faithful;

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::faithful::{Fault as JsonFault, to_writer as to_json};
use crate::call::conversions::IsResult;
use crate::event::idempotency::NotRecordedReason;

/// The codec id of results that `serde_json` has written.
pub const JSON: &str = "json";

/// A success type that can be recorded and replayed: anything that is
/// `serde::Serialize + serde::de::DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "the result of an idempotent function is recorded and replayed, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize + DeserializeOwned`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or return something smaller that has it"
)]
pub trait Recordable: Sized {
    /// Returns what `F` makes of a type that serde knows.
    #[doc(hidden)]
    fn fns<F: SerdeFns>() -> F::Of<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recordable for T {
    fn fns<F: SerdeFns>() -> F::Of<Self> {
        F::of()
    }
}

/// An error type that can be recorded and replayed, for `errors = store`: anything that is
/// `serde::Serialize + serde::de::DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "`errors = store` records and replays errors, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize + DeserializeOwned`",
    note = "if `{Self}` is your own, add `#[derive(serde::Serialize, serde::Deserialize)]` to it; if it is not, as `resil::Error` and `anyhow::Error` are not, write `errors = forget`, or return an error enum of your own that keeps its text"
)]
pub trait RecordableError: Sized {
    /// Returns what `F` makes of a type that serde knows.
    #[doc(hidden)]
    fn fns<F: SerdeFns>() -> F::Of<Self>;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> RecordableError for E {
    fn fns<F: SerdeFns>() -> F::Of<Self> {
        F::of()
    }
}

/// Functions for values of a type, made where serde knows that type.
pub trait SerdeFns {
    /// The functions for values of type `V`.
    type Of<V>;

    /// Makes them.
    fn of<V: Serialize + DeserializeOwned>() -> Self::Of<V>;
}

/// The bytes of a value, or why there are none.
pub type Encoded = Result<Vec<u8>, NotRecordedReason>;

/// Functions that turn values into JSON and back.
#[derive(Debug)]
pub(super) struct JsonFns<V> {
    /// Writes a value in no more bytes than the limit.
    pub(super) encode: fn(&V, usize) -> Encoded,
    /// Reads a value; `None` if the bytes are not one.
    pub(super) decode: fn(&[u8]) -> Option<V>,
}

/// Makes [`JsonFns`].
#[derive(Debug)]
pub(super) struct InJson(());

impl SerdeFns for InJson {
    type Of<V> = JsonFns<V>;

    fn of<V: Serialize + DeserializeOwned>() -> JsonFns<V> {
        JsonFns {
            encode: |value, limit| {
                let mut out = Bounded::new(limit);
                let done = faithful::to_writer(&mut out, value);
                out.finish(done.map_err(|fault| fault.reason()))
            },
            decode: |bytes| serde_json::from_slice(bytes).ok(),
        }
    }
}

/// A buffer that stops an encoder at a limit, so that a huge result is never held twice.
#[derive(Debug)]
pub struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Bounded {
    /// An empty buffer that takes up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            full: false,
        }
    }

    /// Returns what was written, if the codec is done and it all fits.
    ///
    /// # Errors
    ///
    /// If it did not fit; else what the codec said.
    pub fn finish(self, done: Result<(), NotRecordedReason>) -> Encoded {
        // Before what the codec said: it fails for that, or has swallowed it.
        if self.full {
            return Err(NotRecordedReason::TooLarge);
        }
        done.map(|()| self.bytes)
    }
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.full |= more.len() > self.limit - self.bytes.len();
        if self.full {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How the results of one function become bytes and come back: function pointers, and no bounds on
/// their types.
#[derive(Debug)]
pub(super) struct ResultFns<T, E> {
    pub(super) ok: fn() -> JsonFns<T>,
    /// `None`: errors are forgotten.
    pub(super) err: Option<fn() -> JsonFns<E>>,
}

impl<T, E> Clone for ResultFns<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, E> Copy for ResultFns<T, E> {}

/// How the results of one function are recorded.
#[doc(hidden)]
#[derive(Debug)]
pub struct ResultCodec<T, E> {
    pub(super) fns: ResultFns<T, E>,
    /// The name of the success type, which is part of the scope of a key.
    pub(super) type_name: fn() -> &'static str,
}

impl<T, E> Clone for ResultCodec<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, E> Copy for ResultCodec<T, E> {}

/// Returns the codec of the success type `T` of the return type `R`. All that an idempotent stack
/// asks of `T` is asked here, in our words: call it with `R` spanned at the user's token.
#[doc(hidden)]
pub fn recorded<R, T, E>() -> ResultCodec<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
{
    ResultCodec {
        fns: ResultFns {
            ok: T::fns::<InJson>,
            err: None,
        },
        type_name: std::any::type_name::<T>,
    }
}

/// [`recorded`], with `errors = store`.
#[doc(hidden)]
pub fn recorded_with_errors<R, T, E>() -> ResultCodec<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
    E: RecordableError,
{
    let mut codec = recorded::<R, T, E>();
    codec.fns.err = Some(E::fns::<InJson>);
    codec
}
