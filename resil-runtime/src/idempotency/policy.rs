//! The settings of one `#[idempotent]`.

use std::time::Duration;

use super::store::{ClaimRequest, Fingerprint, OnAbandon, Token};

/// Whether a second caller waits while the first one with its key runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Conflict {
    /// Waits, at most to the deadline in force, and shares the result.
    #[default]
    Wait,
    /// Gets [`InProgress`](super::IdempotencyError::InProgress) at once.
    Reject,
}

/// The settings of one `#[idempotent]`, made in a `const`.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::idempotency::{Conflict, IdempotentPolicy};
///
/// const PAY: IdempotentPolicy = IdempotentPolicy::new()
///     .ttl(Duration::from_secs(3_600))
///     .conflict(Conflict::Reject);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a policy does nothing until it is used"]
pub struct IdempotentPolicy {
    pub(super) ttl: Duration,
    pub(super) lease: Duration,
    pub(super) conflict: Conflict,
    pub(super) on_abandon: OnAbandon,
    pub(super) version: u32,
}

impl IdempotentPolicy {
    /// The defaults: results are replayed for 24 h, a lease is 30 s, a second caller waits, an
    /// abandoned key is run again.
    pub const fn new() -> Self {
        Self {
            ttl: Duration::from_secs(24 * 60 * 60),
            lease: Duration::from_secs(30),
            conflict: Conflict::Wait,
            on_abandon: OnAbandon::Retry,
            version: 1,
        }
    }

    /// Sets how long a result is replayed after it was recorded; an abandoned claim under
    /// [`OnAbandon::Indeterminate`] is kept as long from its last heartbeat on. Default 24 h.
    ///
    /// # Panics
    ///
    /// If it is zero: at compile time, in a `const`.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        assert!(!ttl.is_zero(), "`ttl` must be longer than zero");
        self.ttl = ttl;
        self
    }

    /// How long a claim holds without a heartbeat. It is renewed at a third of it while the
    /// body runs, however long that is. Default 30 s.
    ///
    /// The renewal runs in the caller's own task, beside the body: a body that blocks its thread,
    /// or a call that is not polled, for longer than the lease may find its key taken over. It is
    /// then dropped, and the call is [`LeaseLost`](super::IdempotencyError::LeaseLost). If nobody has
    /// claimed the key since, it goes on.
    ///
    /// # Panics
    ///
    /// If it is shorter than 30 ms: at compile time, in a `const`.
    pub const fn lease(mut self, lease: Duration) -> Self {
        assert!(lease.as_millis() >= 30, "`lease` must be at least 30ms");
        self.lease = lease;
        self
    }

    /// Sets whether a second caller waits while the first one runs. Default [`Conflict::Wait`].
    pub const fn conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// Sets what happens to a key whose owner vanished. Default [`OnAbandon::Retry`].
    pub const fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.on_abandon = on_abandon;
        self
    }

    /// The version of the result's type: a recorded result of another one is
    /// [`Undecodable`](super::IdempotencyError::Undecodable), and nothing runs again. Default 1.
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Returns the claim that a call under this policy makes on a store.
    #[doc(hidden)]
    pub const fn claim(&self, token: Token, fingerprint: Option<Fingerprint>) -> ClaimRequest {
        ClaimRequest::new(token, self.lease, self.ttl)
            .fingerprint(fingerprint)
            .on_abandon(self.on_abandon)
    }

    /// Returns whether a second caller waits.
    #[doc(hidden)]
    pub const fn waits(&self) -> bool {
        matches!(self.conflict, Conflict::Wait)
    }

    /// Returns the version of the result's type.
    #[doc(hidden)]
    pub const fn result_version(&self) -> u32 {
        self.version
    }
}

impl Default for IdempotentPolicy {
    fn default() -> Self {
        Self::new()
    }
}
