//! The slices of time in which the last minute is counted: all functions have the same ones.

use std::cell::Cell;
use std::time::Duration;

use crate::clock::{self, Instant};

/// The length of a slice, in nanoseconds.
pub(super) const SLICE: u64 = 10_000_000_000;

/// The slice that a thread has looked up last.
#[derive(Clone, Copy)]
struct Known {
    from: Instant,
    until: Instant,
    number: u64,
}

thread_local! {
    static KNOWN: Cell<Option<Known>> = const { Cell::new(None) };
}

/// Returns the number of the slice in which `at` lies.
///
/// Two comparisons: the number is computed once a slice and thread.
#[inline]
pub(crate) fn slice_of(at: Instant) -> u64 {
    match KNOWN.get() {
        Some(known) if known.from <= at && at < known.until => known.number,
        _ => find(at),
    }
}

#[cold]
#[inline(never)]
fn find(at: Instant) -> u64 {
    let nanos = clock::nanos_of(at);
    let (number, part) = (nanos / SLICE, nanos % SLICE);
    KNOWN.set(Some(Known {
        from: at.checked_sub(Duration::from_nanos(part)).unwrap_or(at),
        until: clock::add_nanos(at, SLICE - part),
        number,
    }));
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_of_one_length() {
        let now = clock::now();
        let first = slice_of(now);
        let mut last = first;
        let mut begins = Vec::new();
        for ms in (0..60_000).step_by(10) {
            let number = slice_of(now + Duration::from_millis(ms));
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
        assert_eq!(slice_of(now), first, "and back again");
    }
}
