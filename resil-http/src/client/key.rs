//! A key for a call that may be repeated only under one.

use ::http::HeaderValue;

/// Returns a random key, which is a UUID of version 4.
///
/// It stands without the quotes that the draft asks for, as Stripe and those after it document it: many
/// servers take the value for a UUID as it is.
pub(super) fn random_key() -> HeaderValue {
    let random: u128 = rand::random();
    // RFC 9562, section 5.4: the version is 4, and the variant is 0b10.
    let version = random & !(0xf << 76) | (0x4 << 76);
    let all = version & !(0x3 << 62) | (0x2 << 62);
    let text = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        all >> 96,
        (all >> 80) & 0xffff,
        (all >> 64) & 0xffff,
        (all >> 48) & 0xffff,
        all & 0xffff_ffff_ffff
    );
    HeaderValue::try_from(text).expect("a UUID is a header's value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_uuid_of_version_4() {
        for _ in 0..100 {
            let key = random_key();
            let key = key.to_str().unwrap();
            let lengths: Vec<usize> = key.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{key}");
            assert_eq!(key.as_bytes()[14], b'4', "{key}");
            assert!(b"89ab".contains(&key.as_bytes()[19]), "{key}");
        }
        assert_ne!(random_key(), random_key());
    }
}
