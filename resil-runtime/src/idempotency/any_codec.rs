//! Turns results into the bytes of a store and back, by a codec that the user may choose.

use std::error::Error;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{Bounded, Encoded, JSON, JsonFault, SerdeFns, to_json};
use crate::event::idempotency::NotRecordedReason;

/// The error of a [`Codec`]. It is never shown, as its text may hold parts of the value.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// Reads one value from the deserializer that a [`Codec`] gives it.
pub type Read<'a> =
    dyn FnMut(&mut dyn erased_serde::Deserializer<'_>) -> Result<(), erased_serde::Error> + 'a;

/// The encoding of results in a store, set where the store is given its settings. [`Json`] is
/// the default.
///
/// Choose a format that keeps the names of fields. If two fields of one type change places,
/// postcard and compact `MessagePack` decode older records without an error, and with the values
/// swapped. JSON and `MessagePack` with names read them right.
///
/// [`encode`](Self::encode) must refuse a value that the format can't carry, since a decoded value
/// is replayed as the function's own result.
pub trait Codec: Send + Sync + 'static {
    /// Returns the id that is stored beside the bytes: at most 32 bytes of ASCII. A result with
    /// another id is
    /// [`Undecodable`](super::IdempotencyError::Undecodable), and nothing runs again.
    fn id(&self) -> &'static str;

    /// Writes `value` to `to`.
    ///
    /// # Errors
    ///
    /// If the value can't be encoded. The call is then recorded as not stored, and replays get
    /// `NotStored`.
    fn encode(
        &self,
        value: &dyn erased_serde::Serialize,
        to: &mut dyn io::Write,
    ) -> Result<(), CodecError>;

    /// Calls `read` once, with a deserializer over `bytes`. The value must take all of the bytes.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly one value. The caller gets `Undecodable`, and nothing runs
    /// again.
    fn decode(&self, bytes: &[u8], read: &mut Read<'_>) -> Result<(), CodecError>;
}

/// The default codec, `serde_json`. It keeps the names of fields, and people can read it.
///
/// It refuses values that JSON would bring back as others, or not at all: floats that are not
/// finite, values in `Some` that are written as `null` (`Some(())`, `Some(None)`), and values that
/// are nested deeper than 127 arrays and objects. Such a result is
/// [`NotStored`](super::IdempotencyError::NotStored).
///
/// It can't see past a type's `Serialize`. If that leaves out a field, or writes two variants alike
/// (`untagged`), the replay has lost the difference.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Json;

impl Codec for Json {
    fn id(&self) -> &'static str {
        JSON
    }

    fn encode(
        &self,
        value: &dyn erased_serde::Serialize,
        to: &mut dyn io::Write,
    ) -> Result<(), CodecError> {
        Ok(to_json(to, value)?)
    }

    fn decode(&self, bytes: &[u8], read: &mut Read<'_>) -> Result<(), CodecError> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json))?;
        json.end()?;
        Ok(())
    }
}

/// Returns the bytes of `value`, or the reason why it is not recorded: it takes more than `limit`
/// bytes, or the codec refuses it.
pub fn encode(value: &dyn erased_serde::Serialize, codec: &dyn Codec, limit: usize) -> Encoded {
    let mut out = Bounded::new(limit);
    let done = codec.encode(value, &mut out).map_err(|e| {
        let fault = e.downcast_ref().map(JsonFault::reason);
        fault.unwrap_or(NotRecordedReason::NotEncodable)
    });
    out.finish(done)
}

/// Functions that turn values into the bytes of any codec and back.
#[derive(Debug)]
pub struct CodecFns<V> {
    /// Writes a value in no more bytes than the limit.
    pub encode: fn(&V, &dyn Codec, usize) -> Encoded,
    /// Reads a value; `None` if the bytes are not one.
    pub decode: fn(&[u8], &dyn Codec) -> Option<V>,
}

/// Makes [`CodecFns`].
#[derive(Debug)]
pub struct InAnyCodec(());

impl SerdeFns for InAnyCodec {
    type Of<V> = CodecFns<V>;

    fn of<V: Serialize + DeserializeOwned>() -> CodecFns<V> {
        CodecFns {
            encode: |value, codec, limit| encode(value, codec, limit),
            decode: |bytes, codec| {
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

/// The functions that encode and decode the results of one function on a store. They are pointers, so that
/// code that uses them needs no bounds on `T` and `E`.
#[derive(Debug)]
pub struct StoredCodec<T, E> {
    /// Of a value.
    pub ok: fn() -> CodecFns<T>,
    /// Of an error; `None`: errors are forgotten.
    pub err: Option<fn() -> CodecFns<E>>,
}

impl<T, E> Clone for StoredCodec<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, E> Copy for StoredCodec<T, E> {}
