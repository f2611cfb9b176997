//! The level of each event: that which it has in `tracing` and on the panel.
//!
//! `docs/tracing.md` says what each level is for. An event of `tracing` has its level where it is made, as it is
//! a constant there; a test holds it to this table.

use super::kinds::Event;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What a policy did for a call, and each refusal: as often as calls fail.
    Debug,
    /// A limit that was learned anew, a store that is back.
    Info,
    /// A retry that gives up, a breaker that changes, and what somebody should look at.
    Warn,
    /// What only another program or another set-up ends, and work that may have been done twice.
    Error,
}

impl Level {
    /// Returns its name, in lower case.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Returns the level of `event`.
pub fn level_of(event: &Event) -> Level {
    match event {
        Event::Retry { .. }
        | Event::RetrySucceeded { .. }
        | Event::RetryNested { .. }
        | Event::TimedOut { .. }
        | Event::Hedged { .. }
        | Event::HedgeWon { .. }
        | Event::CircuitRefused { .. }
        | Event::BulkheadRefused { .. }
        | Event::RateLimited { .. }
        | Event::FellBack { .. }
        | Event::WaitCancelled { .. } => Level::Debug,
        Event::BulkheadLimitChanged { .. } | Event::RateLimitStoreBack { .. } => Level::Info,
        Event::RetryStopped { .. }
        | Event::CircuitChanged { .. }
        | Event::CircuitReentered { .. }
        | Event::RateLimitStoreAway { .. }
        | Event::WorkerBlocked { .. } => Level::Warn,
        Event::CircuitConflict { .. }
        | Event::BulkheadConflict { .. }
        | Event::BudgetConflict { .. }
        | Event::RateLimitConflict { .. } => Level::Error,
        #[cfg(feature = "edge")]
        Event::HeaderIgnored { .. } => Level::Warn,
        #[cfg(feature = "chaos")]
        Event::Injected { .. } => Level::Debug,
        #[cfg(feature = "control")]
        Event::SettingsLoaded { .. } => Level::Info,
        #[cfg(feature = "control")]
        Event::SettingRefused { .. } => Level::Warn,
        #[cfg(feature = "idempotent")]
        Event::Idempotency { what, .. } => level_of_key(*what),
        #[cfg(feature = "idempotent")]
        Event::IdempotencyStore { .. } => Level::Warn,
    }
}

/// Returns the level of what `#[idempotent]` did.
#[cfg(feature = "idempotent")]
pub(crate) fn level_of_key(what: super::idempotency::IdempotencyEvent) -> Level {
    use super::idempotency::IdempotencyEvent as What;
    match what {
        What::Replayed
        | What::Waiting
        | What::InProgress
        | What::InvalidKey
        | What::Full
        | What::Released
        | What::NotStored
        | What::StoreAway => Level::Debug,
        What::Indeterminate
        | What::Abandoned
        | What::TakenOver
        | What::NotRecorded(_)
        | What::RanOpen
        | What::Evicted => Level::Warn,
        What::KeyReused
        | What::Reentrant
        | What::LeaseLost
        | What::Undecodable
        | What::Unnamed
        | What::TypeNotInKey => Level::Error,
    }
}
