//! The refusals of everything that has a name, counted.
//!
//! Under an overload refusals come fast, from all threads. So each thread remembers the counters of the
//! names that it has refused for, and counts on its own line.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::thread::here;
use crate::sync::{AtomicU64, Line, Ordering::Relaxed};

/// The lines of one name. Threads past so many share them.
const LINES: usize = 16;

/// A policy and a name.
type Of = (&'static str, &'static str);

#[derive(Debug, Default)]
struct Refusals([Line<AtomicU64>; LINES]);

static ALL: OnceLock<Mutex<HashMap<Of, &'static Refusals>>> = OnceLock::new();

thread_local! {
    /// The counters that this thread has used, by the addresses of policy and name.
    static USED: RefCell<HashMap<[usize; 2], &'static Refusals>> = RefCell::default();
}

/// Counts a call that `policy` has refused under `name`.
#[cold]
pub(crate) fn count(policy: &'static str, name: &'static str) {
    let key = [policy.as_ptr().addr(), name.as_ptr().addr()];
    let used = USED.try_with(|used| {
        let mut used = used.borrow_mut();
        *used.entry(key).or_insert_with(|| find((policy, name)))
    });
    // A thread that is ending remembers nothing any more.
    let refusals = used.unwrap_or_else(|_| find((policy, name)));
    let line = &refusals.0[here().index() % LINES];
    line.0.fetch_add(1, Relaxed);
}

fn find(of: Of) -> &'static Refusals {
    let all = ALL.get_or_init(Mutex::default).lock();
    let mut all = all.unwrap_or_else(PoisonError::into_inner);
    all.entry(of)
        .or_insert_with(|| Box::leak(Box::new(Refusals::default())))
}

/// Returns the number of refusals by policy and name, in order.
pub(crate) fn all() -> Vec<(Of, u64)> {
    let all = ALL.get_or_init(Mutex::default).lock();
    let all = all.unwrap_or_else(PoisonError::into_inner);
    let sum = |of: &Refusals| of.0.iter().map(|line| line.0.load(Relaxed)).sum();
    let mut all: Vec<_> = all.iter().map(|(of, found)| (*of, sum(found))).collect();
    all.sort_unstable();
    all
}
