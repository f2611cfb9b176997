//! The atomics of the circuit breaker, behind one door: a model checker that has its own comes in
//! here, and nowhere else.

pub(crate) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// A value on a line of its own. 128 bytes: x86 fetches lines in pairs, and large ARM cores have
/// lines of that length.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line<T>(pub(crate) T);
