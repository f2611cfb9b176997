//! The bytes of an encoded key: short ones in place, long ones on the heap.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

/// The most bytes that are kept in place. Two UUIDs in their text form are 90 bytes.
const IN_PLACE: usize = 92;

/// The bytes of an encoded key. A replay needs them for one look into the store: a short key is not
/// put on the heap for that.
// Plain fields and no enum, so that it is moved as a whole and not field by field.
#[derive(Clone)]
pub struct KeyBytes {
    in_place: [u8; IN_PLACE],
    /// The number of bytes in place; not read once they are on the heap.
    len: u32,
    // Boxed once more: few keys are long, and every key is moved about.
    #[expect(
        clippy::box_collection,
        reason = "it would triple the size of the field"
    )]
    on_heap: Option<Box<Vec<u8>>>,
}

impl KeyBytes {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            in_place: [0; IN_PLACE],
            len: 0,
            on_heap: None,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.extend_from_slice(&[byte]);
    }

    #[inline]
    pub(super) fn extend_from_slice(&mut self, more: &[u8]) {
        let from = self.len as usize;
        let to = from + more.len();
        if let (None, Some(place)) = (&self.on_heap, self.in_place.get_mut(from..to)) {
            place.copy_from_slice(more);
            // It is at most `IN_PLACE`.
            #[expect(clippy::cast_possible_truncation)]
            let len = to as u32;
            self.len = len;
            return;
        }
        self.extend_on_heap(more);
    }

    #[cold]
    #[inline(never)]
    fn extend_on_heap(&mut self, more: &[u8]) {
        let in_place = self.in_place.get(..self.len as usize);
        let bytes = self.on_heap.get_or_insert_with(|| {
            let mut bytes = Vec::with_capacity(2 * IN_PLACE + more.len());
            bytes.extend_from_slice(in_place.unwrap_or_default());
            Box::new(bytes)
        });
        bytes.extend_from_slice(more);
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.on_heap {
            // `len` is never past the end, which the compiler does not know.
            None => self.in_place.get(..self.len as usize).unwrap_or_default(),
            Some(bytes) => bytes,
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
        for step in [1, 7, 40, IN_PLACE, IN_PLACE + 1, 300] {
            let (mut bytes, mut expected) = (KeyBytes::new(), Vec::new());
            for n in 0..100 {
                let more = vec![n; step];
                bytes.extend_from_slice(&more);
                expected.extend_from_slice(&more);
                assert_eq!(*bytes, *expected);
                assert_eq!(bytes.on_heap.is_none(), expected.len() <= IN_PLACE);
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
