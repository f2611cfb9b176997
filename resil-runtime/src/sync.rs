//! The atomics and locks that threads share: those of std and tokio or, under `cfg(loom)`, those of
//! the model checker `loom` under the same names. `scripts/loom` runs the checker.

#[cfg(not(loom))]
mod parts {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
    pub(crate) use tokio::sync::Notify;
}

#[cfg(loom)]
#[path = "loom/parts.rs"]
mod parts;

pub(crate) use parts::*;

/// Returns whether the step called `name` is left out: always false in the code that users run.
///
/// Each model of `loom/` is also run with one of its steps left out, and must then find the fault:
/// a model that never finds anything proves nothing.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn broken(_name: &str) -> bool {
    false
}

/// Orders memory where the code relies on the total order of `SeqCst` operations, which the model
/// checker treats as acquire and release. Does nothing in the code that users run.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn model_fence() {}

/// A value on a cache line of its own.
///
/// The alignment is 128 bytes, since x86 fetches lines of 64 bytes in pairs, and large ARM cores
/// have lines of 128 bytes.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line<T>(pub(crate) T);
