//! The settings of one `#[idempotent]`.

use std::time::Duration;

use super::key;
use super::records::Request;
use super::store::{ClaimRequest, Fingerprint, OnAbandon, Token};

/// Says whether a call waits when another call has claimed its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Conflict {
    /// Waits for the owner and replays its result. A wait that reaches the deadline in force ends
    /// with [`InProgress`](super::IdempotencyError::InProgress).
    #[default]
    Wait,
    /// Ends with [`InProgress`](super::IdempotencyError::InProgress) at once.
    Reject,
}

#[cfg(any(feature = "catalog", feature = "settings"))]
impl Conflict {
    /// Returns the word that the attribute has for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Reject => "reject",
        }
    }

    /// Returns the one that the attribute has `word` for.
    #[cfg(feature = "settings")]
    pub(crate) fn of(word: &str) -> Self {
        let all = [Self::Wait, Self::Reject];
        let found = all.into_iter().find(|of| of.word() == word);
        found.unwrap_or_default()
    }
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
    pub(crate) ttl: Duration,
    pub(crate) lease: Duration,
    pub(crate) conflict: Conflict,
    pub(crate) on_abandon: OnAbandon,
    pub(crate) version: u32,
    /// The scope of the keys of a policy that is run as a value.
    pub(crate) name: Option<&'static str>,
    /// The name of the store that a policy uses that is run as a value.
    #[cfg(feature = "store")]
    pub(crate) store: Option<&'static str>,
}

impl IdempotentPolicy {
    /// Makes a policy with the defaults: results are replayed for 24 h, a lease is 30 s, a call
    /// waits for the owner of its key, an abandoned key is run again, and the version is 1.
    pub const fn new() -> Self {
        Self {
            ttl: Duration::from_secs(24 * 60 * 60),
            lease: Duration::from_secs(30),
            conflict: Conflict::Wait,
            on_abandon: OnAbandon::Retry,
            version: 1,
            name: None,
            #[cfg(feature = "store")]
            store: None,
        }
    }

    /// Sets how long a result is replayed, counted from when it was recorded. Default 24 h.
    ///
    /// An abandoned claim under [`OnAbandon::Indeterminate`] is kept for the same time, counted
    /// from its last heartbeat.
    ///
    /// # Panics
    ///
    /// If `ttl` is zero. In a `const` that is an error at compile time.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        assert!(!ttl.is_zero(), "`ttl` must be longer than zero");
        self.ttl = ttl;
        self
    }

    /// Sets how long a claim holds without a heartbeat. Default 30 s.
    ///
    /// While the body runs, however long that is, a heartbeat renews the claim at every third of
    /// the lease. The heartbeat runs in the caller's own task, beside the body. So a body that
    /// blocks its thread for longer than the lease, or a call that is not polled for that long, may
    /// lose its key to another owner. The body is then dropped, and the call ends with
    /// [`LeaseLost`](super::IdempotencyError::LeaseLost). If nobody has claimed the key meanwhile,
    /// the body goes on.
    ///
    /// # Panics
    ///
    /// If `lease` is shorter than 30 ms. In a `const` that is an error at compile time.
    pub const fn lease(mut self, lease: Duration) -> Self {
        assert!(lease.as_millis() >= 30, "`lease` must be at least 30ms");
        self.lease = lease;
        self
    }

    /// Sets whether a call waits when another call has claimed its key. Default [`Conflict::Wait`].
    pub const fn conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// Sets what happens to a key whose owner vanished. Default [`OnAbandon::Retry`].
    pub const fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.on_abandon = on_abandon;
        self
    }

    /// Sets the version of the result's type. Default 1.
    ///
    /// A result that was recorded with another version is not replayed: the call ends with
    /// [`Undecodable`](super::IdempotencyError::Undecodable), and the body does not run again.
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets the store, where this policy is run as a value: the one that `install_named` has installed under
    /// this name. Default the store of the process.
    ///
    /// A call is refused with [`Store`](super::IdempotencyError::Store) if there is none of that name. An
    /// attribute has `store = ".."` for it.
    #[cfg(feature = "store")]
    pub const fn store(mut self, name: &'static str) -> Self {
        self.store = Some(name);
        self
    }

    /// Returns the claim that a call under this policy makes on a store.
    #[doc(hidden)]
    pub const fn claim(&self, token: Token, fingerprint: Option<Fingerprint>) -> ClaimRequest {
        ClaimRequest::new(token, self.lease, self.ttl)
            .fingerprint(fingerprint)
            .on_abandon(self.on_abandon)
    }

    /// Returns the claim that a call under this policy makes on the store in memory.
    pub(super) fn request(&self, fingerprint: Option<key::Fingerprint>) -> Request {
        Request {
            token: rand::random(),
            fingerprint,
            lease: self.lease,
            ttl: self.ttl,
            on_abandon: self.on_abandon,
        }
    }

    /// Returns whether a call waits when another call has claimed its key.
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
