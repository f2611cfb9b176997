//! Which call an event belongs to.
//!
//! A call gets its number with its first event that somebody hears, so that calls of which nobody
//! hears cost nothing. The number is kept in the call's [`Mark`](crate::mark::Mark) where its stack
//! has one, and in its `Retry` else: four bytes.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::event;
use crate::mark::Mark;

/// Identifies one call of an annotated function in all of its events.
///
/// A call of another annotated function inside it is a call of its own, with an id of its own; a
/// [`trace`](crate::trace()) shows both. The upper half is drawn at random for the process, so that
/// the logs of several can be put together; the lower half counts the calls that somebody has heard
/// of, and comes again after 2³² of them. It is shown in hexadecimal.
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

/// Returns the id of the call of `mark`, or a new one where its stack has none.
#[cold]
pub(crate) fn id_of(mark: Option<&Mark>) -> CallId {
    mark.map_or_else(CallNumber::next, Mark::number).id()
}

thread_local! {
    /// The call whose outcome is being recorded by a breaker.
    static RECORDING: Cell<Option<CallNumber>> = const { Cell::new(None) };
}

/// Runs `record`, which records an outcome of the call of `mark`: the change of state that may come
/// of it is told as that call's.
#[inline]
pub(crate) fn recording(mark: &Mark, record: impl FnOnce()) {
    struct Restore(Option<CallNumber>);
    impl Drop for Restore {
        fn drop(&mut self) {
            RECORDING.set(self.0);
        }
    }
    if event::is_awake() {
        let _restore = Restore(RECORDING.replace(Some(mark.number())));
        record();
    } else {
        record();
    }
}

/// Returns the call whose outcome is being recorded here, if one is. It is told once: what a listener
/// does about it, the listener does.
pub(crate) fn recorded() -> Option<CallId> {
    RECORDING.take().map(CallNumber::id)
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
