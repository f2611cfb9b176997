//! Hashes as text.

use std::fmt::Write as _;

/// Returns a hash as hex digits, two for each byte.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    let mut digits = String::with_capacity(64);
    for byte in hash {
        // A `String` takes all that is written.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
