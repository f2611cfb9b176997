//! What a shutdown waits for: the calls in flight and the completions that are pending, by function.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::in_flight;

/// What is left of the work under one shutdown.
#[derive(Debug)]
pub(super) struct Work {
    /// Whether it is the shutdown of the process. Its calls are counted by their sites, without a lock.
    is_of_the_process: bool,
    counted: Mutex<BTreeMap<&'static str, Counted>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counted {
    calls: u64,
    completions: u64,
}

/// What a count is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Call,
    #[cfg_attr(
        not(feature = "idempotent"),
        expect(dead_code, reason = "only claims have one")
    )]
    Completion,
}

impl Counted {
    fn of(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Call => &mut self.calls,
            Kind::Completion => &mut self.completions,
        }
    }
}

impl Work {
    pub(super) fn new() -> Self {
        Self {
            is_of_the_process: false,
            counted: Mutex::default(),
        }
    }

    pub(super) fn of_the_process() -> Self {
        Self {
            is_of_the_process: true,
            ..Self::new()
        }
    }

    pub(super) fn is_of_the_process(&self) -> bool {
        self.is_of_the_process
    }

    fn counted(&self) -> MutexGuard<'_, BTreeMap<&'static str, Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, function: &'static str, kind: Kind) {
        *self.counted().entry(function).or_default().of(kind) += 1;
    }

    pub(super) fn end(&self, function: &'static str, kind: Kind) {
        let mut counted = self.counted();
        if let Some(of) = counted.get_mut(function) {
            *of.of(kind) -= 1;
            if *of == Counted::default() {
                counted.remove(function);
            }
        }
    }

    /// Returns what is left now.
    ///
    /// The calls are read before the completions: a call hands its completion over before it ends.
    pub(super) fn left(&self) -> Remaining {
        let mut left = BTreeMap::new();
        if self.is_of_the_process {
            for (function, calls) in in_flight::all() {
                left.entry(function).or_insert(Counted::default()).calls += calls;
            }
        }
        for (function, counted) in &*self.counted() {
            let of = left.entry(*function).or_insert(Counted::default());
            of.calls += counted.calls;
            of.completions += counted.completions;
        }
        let functions = left.into_iter().map(|(function, of)| RemainingCalls {
            function,
            in_flight: of.calls,
            completions: of.completions,
        });
        Remaining {
            functions: functions.collect(),
        }
    }
}

/// What a shutdown left behind: [`drain`](super::drain()) returns it.
///
/// ```text
/// app::charge: 2 in flight, 1 completion pending
/// app::notify: 1 in flight
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remaining {
    functions: Vec<RemainingCalls>,
}

/// What is left of the calls of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemainingCalls {
    /// The annotated function: module path and name. Completions are listed under the name that their
    /// keys belong to, the `name` of an `#[idempotent]` that has one.
    pub function: &'static str,
    /// The calls that have begun and have not ended.
    pub in_flight: u64,
    /// The ends of idempotency claims that tasks are still telling a store: results that are being
    /// recorded, and claims that are given back. Their calls may be over.
    pub completions: u64,
}

impl Remaining {
    /// Returns whether nothing was left.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Returns the functions of which something was left, ordered by name.
    pub fn functions(&self) -> &[RemainingCalls] {
        &self.functions
    }

    /// Returns how many calls were in flight.
    pub fn in_flight(&self) -> u64 {
        self.functions.iter().map(|of| of.in_flight).sum()
    }

    /// Returns how many completions were pending.
    pub fn completions(&self) -> u64 {
        self.functions.iter().map(|of| of.completions).sum()
    }
}

/// Writes a line for each function; `nothing` if nothing was left.
impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        for (n, of) in self.functions.iter().enumerate() {
            let line = if n == 0 { "" } else { "\n" };
            write!(f, "{line}{of}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RemainingCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.function)?;
        if self.in_flight > 0 {
            write!(f, "{} in flight", self.in_flight)?;
        }
        if self.completions > 0 {
            let comma = if self.in_flight > 0 { ", " } else { "" };
            let plural = if self.completions == 1 { "" } else { "s" };
            write!(f, "{comma}{} completion{plural} pending", self.completions)?;
        }
        Ok(())
    }
}
