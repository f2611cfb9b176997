//! A call that is in flight, and the end of a claim that a task is telling a store.

use std::sync::Arc;

use super::process;
use super::scope;
use super::work::{Kind, Work};
use crate::call::Site;
use crate::call::in_flight::Counts;

/// A call that is in flight until this is dropped.
#[derive(Debug)]
#[must_use = "dropped, the call is over"]
pub struct InFlight {
    counts: &'static Counts,
    /// The scopes of shutdowns around the call.
    around: Box<[Arc<Work>]>,
}

/// Counts a call of `site` as in flight.
#[inline]
pub fn in_flight(site: &'static Site) -> InFlight {
    let counts = site.counts();
    counts.begin();
    let around = scope::works();
    for work in &around {
        work.begin(counts.function(), Kind::Call);
    }
    InFlight { counts, around }
}

impl Drop for InFlight {
    #[inline]
    fn drop(&mut self) {
        for work in &self.around {
            work.end(self.counts.function(), Kind::Call);
        }
        self.counts.end();
    }
}

/// The shutdowns that wait for the completion of a call.
#[derive(Debug, Clone)]
pub struct CompletionOf {
    name: &'static str,
    around: Box<[Arc<Work>]>,
}

impl CompletionOf {
    /// Returns the shutdowns that wait for the completion of a call that begins here. Its keys belong to
    /// `name`.
    pub fn here(name: &'static str) -> Self {
        let process = process::process().and_then(|source| source.work.clone());
        let around = process.into_iter().chain(scope::works()).collect();
        Self { name, around }
    }

    /// Counts the completion as pending, until the result is dropped.
    pub fn begin(self) -> Completion {
        for work in &self.around {
            work.begin(self.name, Kind::Completion);
        }
        Completion(self)
    }
}

/// A completion that is pending until this is dropped.
#[derive(Debug)]
#[must_use = "dropped, the completion is over"]
pub struct Completion(CompletionOf);

impl Drop for Completion {
    fn drop(&mut self) {
        for work in &self.0.around {
            work.end(self.0.name, Kind::Completion);
        }
    }
}
