//! Idempotency.

use std::time::Duration;

/// Why `#[idempotent]` answered in place of the body. `name` is the scope of the keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// placeholder
    #[error("in progress")]
    #[non_exhaustive]
    InProgress {
        /// scope
        name: &'static str,
    },
}

impl IdempotencyError {
    /// How long to wait before the call is worth repeating, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdempotencyEvent {
    /// replayed
    Replayed,
}
