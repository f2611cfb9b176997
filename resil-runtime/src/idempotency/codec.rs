//! How an outcome becomes bytes and comes back, and the gate that asks it of the user's types.

mod faithful;

#[cfg(feature = "store")]
use std::error::Error;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::faithful::Fault;
use super::event::NotRecordedReason;
use crate::call::conversions::IsResult;

/// The id of `serde_json`.
pub(super) const JSON: &str = "json";

/// Why a [`Codec`] could not do its work. It is not shown: it may speak of the value.
#[cfg(feature = "store")]
pub type CodecError = Box<dyn Error + Send + Sync>;

/// Reads one value from the deserializer that a [`Codec`] gives it.
#[cfg(feature = "store")]
pub type Read<'a> =
    dyn FnMut(&mut dyn erased_serde::Deserializer<'_>) -> Result<(), erased_serde::Error> + 'a;

/// How results become bytes in a store that was given one: see
/// [`Shared::codec`](super::Shared::codec). [`Json`] is the default.
///
/// Take one that keeps the names of fields. After two fields of one type changed their places,
/// postcard and compact `MessagePack` decode what was recorded before without an error, and with
/// the values swapped; JSON and `MessagePack` with names read it right.
///
/// A value that the format can't carry must be an error of [`encode`](Self::encode): what is decoded
/// is replayed as the function's own result.
#[cfg(feature = "store")]
pub trait Codec: Send + Sync + 'static {
    /// What is stored beside the bytes: at most 32 bytes of ASCII. A result of another id is
    /// [`Undecodable`](super::IdempotencyError::Undecodable), and nothing runs again.
    fn id(&self) -> &'static str;

    /// Writes `value`.
    ///
    /// # Errors
    ///
    /// If it can't be encoded: it is recorded as not stored, and replays get `NotStored`.
    fn encode(
        &self,
        value: &dyn erased_serde::Serialize,
        to: &mut dyn io::Write,
    ) -> Result<(), CodecError>;

    /// Calls `read` once, with a deserializer over `bytes`; all of them must belong to the value.
    ///
    /// # Errors
    ///
    /// If they are not one value: the caller gets `Undecodable`, and nothing runs again.
    fn decode(&self, bytes: &[u8], read: &mut Read<'_>) -> Result<(), CodecError>;
}

/// `serde_json`, the default: keeps the names of fields, can be read with the eyes.
///
/// Refuses what JSON would bring back as another value, or not at all: floats that are not finite,
/// what is in `Some` and written as `null` (`Some(())`, `Some(None)`), and what is nested deeper
/// than 127 arrays and objects. Such a result is
/// [`NotStored`](super::IdempotencyError::NotStored). It sees what a type's `Serialize` says and
/// no more: if that leaves out a field, or writes two variants alike (`untagged`), so does the
/// replay.
#[cfg(feature = "store")]
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Json;

#[cfg(feature = "store")]
impl Codec for Json {
    fn id(&self) -> &'static str {
        JSON
    }

    fn encode(
        &self,
        value: &dyn erased_serde::Serialize,
        to: &mut dyn io::Write,
    ) -> Result<(), CodecError> {
        Ok(faithful::to_writer(to, value)?)
    }

    fn decode(&self, bytes: &[u8], read: &mut Read<'_>) -> Result<(), CodecError> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json))?;
        json.end()?;
        Ok(())
    }
}

/// A success type that can be recorded and replayed: anything that is
/// `serde::Serialize + serde::de::DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "the result of an idempotent function is recorded and replayed, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize + DeserializeOwned`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or return something smaller that has it"
)]
pub trait Recordable: Sized {
    /// How it becomes bytes and comes back.
    #[doc(hidden)]
    fn both() -> Both<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recordable for T {
    fn both() -> Both<Self> {
        Both::new()
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
    /// How it becomes bytes and comes back.
    #[doc(hidden)]
    fn both() -> Both<Self>;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> RecordableError for E {
    fn both() -> Both<Self> {
        Both::new()
    }
}

/// How a value becomes bytes, no more than the limit, and comes back (`None`: the bytes are not
/// one).
#[doc(hidden)]
#[derive(Debug)]
pub struct Both<V> {
    pub(super) encode: fn(&V, usize) -> Encoded,
    pub(super) decode: fn(&[u8]) -> Option<V>,
    #[cfg(feature = "store")]
    pub(super) encode_with: fn(&V, &dyn Codec, usize) -> Encoded,
    #[cfg(feature = "store")]
    pub(super) decode_with: fn(&[u8], &dyn Codec) -> Option<V>,
}

/// The bytes of a value, or why there are none.
pub(super) type Encoded = Result<Vec<u8>, NotRecordedReason>;

impl<V> Clone for Both<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for Both<V> {}

impl<V: Serialize + DeserializeOwned> Both<V> {
    fn new() -> Self {
        Self {
            encode: |value, limit| {
                let mut out = Bounded::new(limit);
                let done = faithful::to_writer(&mut out, value);
                out.finish(done.map_err(|fault| reason(&fault)))
            },
            decode: |bytes| serde_json::from_slice(bytes).ok(),
            #[cfg(feature = "store")]
            encode_with: |value, codec, limit| encode(value, codec, limit),
            #[cfg(feature = "store")]
            decode_with: |bytes, codec| {
                let mut value = None;
                let read = &mut |from: &mut dyn erased_serde::Deserializer<'_>| {
                    value = Some(erased_serde::deserialize(from)?);
                    Ok(())
                };
                codec.decode(bytes, read).ok()?;
                value
            },
        }
    }
}

/// The bytes of `value`, if they are no more than `limit`.
#[cfg(feature = "store")]
pub(super) fn encode(
    value: &dyn erased_serde::Serialize,
    codec: &dyn Codec,
    limit: usize,
) -> Encoded {
    let mut out = Bounded::new(limit);
    let done = codec.encode(value, &mut out).map_err(|e| {
        let fault = e.downcast_ref().map(reason);
        fault.unwrap_or(NotRecordedReason::NotEncodable)
    });
    out.finish(done)
}

fn reason(fault: &Fault) -> NotRecordedReason {
    match fault {
        Fault::Unfaithful => NotRecordedReason::Unfaithful,
        Fault::Json(_) => NotRecordedReason::NotEncodable,
    }
}

/// Stops an encoder at the limit, so that a huge result is never held twice.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            full: false,
        }
    }

    fn finish(self, done: Result<(), NotRecordedReason>) -> Encoded {
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

/// What the layer has to know of the types of a `Result<T, E>`: fn pointers, and no bounds.
#[doc(hidden)]
#[derive(Debug)]
pub struct Gate<T, E> {
    pub(super) ok: fn() -> Both<T>,
    /// `None`: errors are forgotten.
    pub(super) err: Option<fn() -> Both<E>>,
    pub(super) type_name: fn() -> &'static str,
}

impl<T, E> Clone for Gate<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, E> Copy for Gate<T, E> {}

/// The gate of an idempotent stack: all that it asks of the success type `T` of the return type
/// `R` is asked here, in our words. Call it with `R` spanned at the user's token.
#[doc(hidden)]
pub fn recorded<R, T, E>() -> Gate<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
{
    Gate {
        ok: T::both,
        err: None,
        type_name: std::any::type_name::<T>,
    }
}

/// [`recorded`], with `errors = store`.
#[doc(hidden)]
pub fn recorded_with_errors<R, T, E>() -> Gate<T, E>
where
    R: IsResult<T, E>,
    T: Recordable,
    E: RecordableError,
{
    Gate {
        err: Some(E::both),
        ..recorded::<R, T, E>()
    }
}
