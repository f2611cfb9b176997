//! The values that keys and fingerprints are made of.

use serde::Serialize;

use super::encode::Encoder;
use super::key_bytes::KeyBytes;
use crate::error::idempotency::KeyFault;

/// A value that can be part of an idempotency key, or be its fingerprint: any value whose type is
/// `serde::Serialize`.
#[diagnostic::on_unimplemented(
    message = "an idempotency key is made of values that can be serialised, and `{Self}` cannot be",
    label = "`{Self}` must be `Serialize`",
    note = "use an id in it (`order.id`), a tuple of them, or add `#[derive(serde::Serialize)]` to `{Self}`"
)]
pub trait KeyPart {
    #[doc(hidden)]
    fn encode(&self, to: Encoder<'_>) -> Result<(), KeyFault>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyPart for T {
    fn encode(&self, to: Encoder<'_>) -> Result<(), KeyFault> {
        to.value(self)
    }
}

/// Encodes a part of a key. Refuses `None`, `()` and empty values with [`KeyFault::Missing`], also
/// as elements of a tuple.
pub(super) fn encode_part<P: KeyPart + ?Sized>(
    part: &P,
    out: &mut KeyBytes,
) -> Result<(), KeyFault> {
    part.encode(Encoder::new(out, true))
}

/// Encodes a value that may be `None` or empty.
pub(super) fn encode_plain<P: KeyPart + ?Sized>(
    value: &P,
    out: &mut KeyBytes,
) -> Result<(), KeyFault> {
    value.encode(Encoder::new(out, false))
}
