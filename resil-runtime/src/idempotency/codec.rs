//! How a result becomes bytes and comes back, and the gate that asks it of the user's type.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::IsResult;

/// The id of `serde_json`.
pub(super) const JSON: &str = "json";

/// A success type that can be recorded and replayed: anything that is
/// `serde::Serialize + serde::de::DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "the result of an idempotent function is recorded and replayed, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize + DeserializeOwned`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or return something smaller that has it"
)]
pub trait Recordable: Sized {
    /// The bytes, or `None` if there are more than `limit` or `Serialize` failed.
    #[doc(hidden)]
    fn encode(&self, limit: usize) -> Option<Vec<u8>>;
    /// The value, or `None` if the bytes are not one.
    #[doc(hidden)]
    fn decode(bytes: &[u8]) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recordable for T {
    fn encode(&self, limit: usize) -> Option<Vec<u8>> {
        let mut out = Bounded {
            bytes: Vec::new(),
            limit,
        };
        serde_json::to_writer(&mut out, self).ok()?;
        Some(out.bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// Stops an encoder at the limit, so that a huge result is never held twice.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if more.len() > self.limit - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the layer has to know of the success type `T`: three fn pointers, and no bound on it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Codec<T> {
    pub(super) encode: fn(&T, usize) -> Option<Vec<u8>>,
    pub(super) decode: fn(&[u8]) -> Option<T>,
    pub(super) type_name: fn() -> &'static str,
}

impl<T> Clone for Codec<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Codec<T> {}

/// The gate of an idempotent stack: all that it asks of the success type `T` of the return type
/// `R` is asked here, in our words. Call it with `R` spanned at the user's token.
#[doc(hidden)]
pub const fn recorded<R, T, E>() -> Codec<T>
where
    R: IsResult<T, E>,
    T: Recordable,
{
    Codec {
        encode: T::encode,
        decode: T::decode,
        type_name: std::any::type_name::<T>,
    }
}
