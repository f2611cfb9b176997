//! The bytes of an encoded key: short ones in place, long ones on the heap.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

/// The most bytes that are kept in place. Two UUIDs in their text form are 90 bytes.
const IN_PLACE: usize = 94;

/// The bytes of an encoded key, which a replay of it needs for one look into the store: a short key
/// is not put on the heap for that.
#[derive(Clone)]
pub struct KeyBytes(Bytes);

#[derive(Clone)]
enum Bytes {
    InPlace { len: u8, bytes: [u8; IN_PLACE] },
    OnHeap(Vec<u8>),
}

impl KeyBytes {
    #[inline]
    pub(super) const fn new() -> Self {
        Self(Bytes::InPlace {
            len: 0,
            bytes: [0; IN_PLACE],
        })
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    #[inline]
    pub(super) fn extend_from_slice(&mut self, more: &[u8]) {
        if let Bytes::InPlace { len, bytes } = &mut self.0 {
            let (from, to) = (usize::from(*len), usize::from(*len) + more.len());
            if let (Some(place), Ok(end)) = (bytes.get_mut(from..to), u8::try_from(to)) {
                place.copy_from_slice(more);
                *len = end;
                return;
            }
        }
        self.extend_on_heap(more);
    }

    #[cold]
    #[inline(never)]
    fn extend_on_heap(&mut self, more: &[u8]) {
        if let Bytes::OnHeap(bytes) = &mut self.0 {
            return bytes.extend_from_slice(more);
        }
        let mut bytes = Vec::with_capacity((self.len() + more.len()).max(2 * IN_PLACE));
        bytes.extend_from_slice(self);
        bytes.extend_from_slice(more);
        self.0 = Bytes::OnHeap(bytes);
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            // `len` is never past the end, which the compiler does not know.
            Bytes::InPlace { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Bytes::OnHeap(bytes) => bytes,
        }
    }
}

impl Default for KeyBytes {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for KeyBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl Eq for KeyBytes {}

impl PartialOrd for KeyBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for KeyBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

// Keys may hold the user's data, which no log may show.
impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_in_place_and_on_the_heap() {
        for step in [1, 7, 40, 94, 95, 300] {
            let (mut bytes, mut expected) = (KeyBytes::new(), Vec::new());
            for n in 0..20 {
                let more = vec![n; step];
                bytes.extend_from_slice(&more);
                expected.extend_from_slice(&more);
                assert_eq!(*bytes, *expected);
                let in_place = matches!(bytes.0, Bytes::InPlace { .. });
                assert_eq!(in_place, expected.len() <= IN_PLACE);
            }
        }
    }

    #[test]
    fn the_order_is_that_of_the_bytes() {
        let of = |bytes: &[u8]| {
            let mut all = KeyBytes::new();
            all.extend_from_slice(bytes);
            all
        };
        let (short, long) = (of(b"b"), of(&[b'a'; 200]));
        assert!(long < short);
        assert!(of(b"a") < short && of(b"b") == short);
        assert!(!format!("{long:?}").contains('a'));
    }
}
