//! The slices of time in which the last minute is counted: all functions have the same ones.

/// The length of a slice, in nanoseconds.
const SLICE: u64 = 10_000_000_000;

/// Returns the number of the slice in which `ns` lies, an instant as [`now_ns`](crate::clock::now_ns) counts them.
#[inline]
pub(crate) const fn slice_of(ns: u64) -> u64 {
    ns / SLICE
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    #[test]
    fn slices_are_of_one_length() {
        let now = clock::now();
        let of = |at| slice_of(clock::nanos_of(at));
        let first = of(now);
        let mut last = first;
        let mut begins = Vec::new();
        for ms in (0..60_000).step_by(10) {
            let number = of(now + Duration::from_millis(ms));
            if number != last {
                assert_eq!(number, last + 1);
                begins.push(ms);
                last = number;
            }
        }
        assert_eq!(begins.len(), 6);
        assert!(
            begins.windows(2).all(|two| two[1] - two[0] == 10_000),
            "{begins:?}"
        );
        assert_eq!(of(now), first, "and back again");
    }
}
