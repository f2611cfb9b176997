//! Turns the outcomes of calls into bytes and back, and asks the user's types for what that takes.

mod faithful;
mod from_json;

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::faithful::{Fault as JsonFault, to_writer as to_json};
use crate::call::conversions::IsResult;
use crate::event::idempotency::NotRecordedReason;

/// The id of the codec that writes results with `serde_json`.
pub const JSON: &str = "json";

/// A success type that can be recorded and replayed: anything that is
/// `serde::Serialize + serde::de::DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "the result of an idempotent function is recorded and replayed, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize + DeserializeOwned`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or return something smaller that has it"
)]
pub trait Recordable: Sized {
    /// Returns the functions that `F` makes for values of this type.
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
    /// Returns the functions that `F` makes for values of this type.
    #[doc(hidden)]
    fn fns<F: SerdeFns>() -> F::Of<Self>;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> RecordableError for E {
    fn fns<F: SerdeFns>() -> F::Of<Self> {
        F::of()
    }
}

/// Makes functions for the values of a type. They are made where its serde bounds are known, and
/// called where nothing is known of the type.
pub trait SerdeFns {
    /// The functions for values of type `V`.
    type Of<V>;

    /// Makes the functions.
    fn of<V: Serialize + DeserializeOwned>() -> Self::Of<V>;
}

/// The bytes of a value, or the reason why it is not recorded.
pub type Encoded = Result<Vec<u8>, NotRecordedReason>;

/// Functions that turn values into JSON and back.
#[derive(Debug)]
pub(super) struct JsonFns<V> {
    /// Writes a value in no more bytes than the limit. A larger one is
    /// [`TooLarge`](NotRecordedReason::TooLarge).
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
            decode: from_json::from_json,
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
    /// Makes an empty buffer that takes up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            full: false,
        }
    }

    /// Returns the bytes that were written. `done` is what the codec returned.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](NotRecordedReason::TooLarge) if the limit was met, or else the error in `done`.
    pub fn finish(self, done: Result<(), NotRecordedReason>) -> Encoded {
        // Looked at before `done`: when the buffer is full the codec fails with an error of its
        // own, or swallows that of the buffer.
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

/// The functions that encode and decode the results of one function. They are pointers, so that
/// code that uses them needs no bounds on `T` and `E`.
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

/// The codec of the results of one function.
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

/// Returns the codec of the return type `R`, whose success type is `T`. Errors are not recorded.
///
/// All bounds that an idempotent stack puts on `T` are put here, so that a missing one is reported
/// once, in the words of [`Recordable`]. Generated code spans `R` at the user's return type.
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

/// Returns the codec of [`recorded`], and records errors too: `errors = store`.
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
