//! The end of a claim that a task is telling a store.

use std::sync::Arc;

use super::work::{Kind, Work};
use super::{process, scope};

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
        let process = process::process().work.iter().cloned();
        let around = process.chain(scope::works()).collect();
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
