//! What threads share, behind one door: under `cfg(loom)` a model checker that has its own atomics
//! and locks comes in here, and nowhere else. `scripts/loom` runs it.

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

/// Whether the step called `name` is to be left out: always false in what users run.
///
/// Each model of `loom/` has variants of the code in which one step is missing, and must find the
/// fault in every one: a model that finds nothing proves nothing.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn broken(_name: &str) -> bool {
    false
}

/// A fence where the code relies on the total order of `SeqCst` operations, which model checkers
/// take as acquire and release. Nothing, in what users run.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn model_fence() {}

/// A value on a line of its own. 128 bytes: x86 fetches lines in pairs, and large ARM cores have
/// lines of that length.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line<T>(pub(crate) T);
