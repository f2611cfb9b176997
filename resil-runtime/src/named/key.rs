//! What the key of an attribute may be.

use std::fmt::Display;

/// The value of a `key`: anything that `Display` shows. It is here for its message alone.
#[diagnostic::on_unimplemented(
    message = "a key is told from others by the text that `Display` writes, and `{Self}` has none",
    label = "`{Self}` must be `Display`",
    note = "write what tells the keys apart: a field (`key = request.host`), or several values as one text (`key = format!(..)`)"
)]
pub trait Key: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> Key for T {}

/// Returns the key of a call that a store counts.
#[cfg(feature = "store")]
pub fn key_of(key: &impl Key) -> Option<&dyn Display> {
    Some(key)
}
