//! The slices of time in which the last minute is counted: all functions have the same ones.

/// The length of a slice, in nanoseconds.
const SLICE: u64 = 10_000_000_000;

/// Returns the number of the slice in which `ns` lies, an instant as [`now_ns`](crate::clock::now_ns) counts them.
#[inline]
pub(crate) const fn slice_of(ns: u64) -> u64 {
    ns / SLICE
}
