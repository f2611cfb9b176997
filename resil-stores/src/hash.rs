//! The hash that leaves the process in place of a key: a SHA-256 of the key's length-prefixed
//! parts. With a pepper it is an HMAC of them, since short keys could be found by trying them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Returns the hash of `parts`. Two different lists of parts never have the same bytes.
pub(crate) fn digest(pepper: Option<&[u8]>, parts: &[&[u8]]) -> [u8; 32] {
    let framed = parts.iter().flat_map(|part| {
        let len = (part.len() as u64).to_le_bytes();
        [Frame::Len(len), Frame::Part(part)]
    });
    // An HMAC takes a key of any length, so with a pepper this never falls through to the plain
    // hash.
    if let Some(mut mac) = pepper.and_then(|p| Hmac::<Sha256>::new_from_slice(p).ok()) {
        framed.for_each(|f| mac.update(f.bytes()));
        return mac.finalize().into_bytes().into();
    }
    let mut sha = Sha256::new();
    framed.for_each(|f| sha.update(f.bytes()));
    sha.finalize().into()
}

enum Frame<'a> {
    Len([u8; 8]),
    Part(&'a [u8]),
}

impl Frame<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Len(len) => len,
            Self::Part(part) => part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::digest;

    fn hex(hash: [u8; 32]) -> String {
        hash.iter()
            .fold(String::new(), |s, b| s + &format!("{b:02x}"))
    }

    /// Pinned: another value would be another key, and a body that runs twice.
    #[test]
    fn the_hash_of_a_key_never_changes() {
        let parts: [&[u8]; 3] = [b"prod", b"charge", b"\x09\x01\0\0\0\0\0\0\0a"];
        assert_eq!(hex(digest(None, &parts)), PLAIN);
        assert_eq!(hex(digest(Some(b"pepper"), &parts)), PEPPERED);
    }

    const PLAIN: &str = "fddf9c4d8cc6f582ba06a0b21a5f7675161f05df4729fccae76468e831280977";
    const PEPPERED: &str = "98766b2aa0cad26268fc3b9584a4d537d9420823bc2cd59d9ec95a9160061bff";

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(None, &[b"ab", b"c"]), digest(None, &[b"a", b"bc"]));
        assert_ne!(digest(None, &[b"", b"a"]), digest(None, &[b"a", b""]));
        assert_ne!(digest(None, &[b"a"]), digest(None, &[b"a", b""]));
        assert_ne!(digest(Some(b""), &[b"a"]), digest(None, &[b"a"]));
    }
}
