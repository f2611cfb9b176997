//! The registry of everything that has a name.

use crate::conflict::{self, Conflict};

/// Everything in the process that has a name: [`registry`] returns it.
#[derive(Debug, Clone, Copy)]
pub struct Registry(());

/// Returns the registry of everything in the process that has a name.
pub fn registry() -> Registry {
    Registry(())
}

impl Registry {
    /// Returns the names that two functions set differently, in the order in which the conflicts
    /// were found.
    pub fn conflicts(&self) -> Vec<Conflict> {
        conflict::all()
    }
}
