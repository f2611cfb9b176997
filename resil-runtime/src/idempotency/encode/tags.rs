//! The byte that each value of a key begins with.

pub(super) const END: u8 = 0;
pub(super) const NONE: u8 = 1;
pub(super) const SOME: u8 = 2;
pub(super) const UNIT: u8 = 3;
pub(super) const FALSE: u8 = 4;
pub(super) const TRUE: u8 = 5;
pub(super) const NATURAL: u8 = 6;
pub(super) const NEGATIVE: u8 = 7;
pub(super) const FLOAT: u8 = 8;
pub(super) const STR: u8 = 9;
pub(super) const BYTES: u8 = 10;
pub(super) const VARIANT: u8 = 11;
pub(super) const LIST: u8 = 12;
pub(super) const MAP: u8 = 13;

/// Returns whether the bytes of a value are an empty list or map, within any number of `Some`s.
pub(in super::super) fn is_empty(mut bytes: &[u8]) -> bool {
    while let [SOME, rest @ ..] = bytes {
        bytes = rest;
    }
    matches!(bytes, [LIST | MAP, END])
}
