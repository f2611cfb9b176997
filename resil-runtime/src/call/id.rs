//! The identity of a call in its events.
//!
//! A call gets its number with its first event that a listener hears, so that a call without such
//! an event pays nothing. The number, four bytes, is kept in the [`CallState`](super::CallState)
//! where the stack has one, and in the `Retry` otherwise.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Identifies one call of an annotated function in all of its events.
///
/// A call of another annotated function inside it is a call of its own, with an id of its own; a
/// [`trace`](crate::trace()) shows both.
///
/// The upper half of the id is drawn at random for the process, so that the logs of several
/// processes can be merged. The lower half counts the calls of which a listener has heard, and
/// repeats after 2³² of them. `Display` writes the id as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(u64);

impl CallId {
    /// Returns the id as a number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

/// The small form of a [`CallId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallNumber(NonZeroU32);

impl CallNumber {
    /// Returns a number that no other call has, until 2³² have been given.
    pub(crate) fn next() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = LAST.fetch_add(1, Relaxed).wrapping_add(1);
            if let Some(number) = NonZeroU32::new(number) {
                return Self(number);
            }
        }
    }

    pub(crate) fn of_bits(bits: u32) -> Option<Self> {
        NonZeroU32::new(bits).map(Self)
    }

    pub(crate) fn to_bits(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn id(self) -> CallId {
        static PROCESS: OnceLock<u32> = OnceLock::new();
        let process = *PROCESS.get_or_init(rand::random);
        CallId(u64::from(process) << 32 | u64::from(self.to_bits()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_and_show_their_process() {
        let (a, b) = (CallNumber::next(), CallNumber::next());
        assert_ne!(a, b);
        assert_eq!(a.id(), a.id());
        assert_eq!(a.id().as_u64() >> 32, b.id().as_u64() >> 32);
        assert_eq!(CallNumber::of_bits(a.to_bits()), Some(a));
        assert_eq!(CallNumber::of_bits(0), None);
        assert_eq!(a.id().to_string(), format!("{:016x}", a.id().as_u64()));
    }
}
