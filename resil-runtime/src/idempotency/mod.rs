//! Idempotency: for one key the body's effect is wanted once, however often the function is called.
//!
//! A call makes a *claim* on its key. Who holds the claim runs the body; all others wait for its
//! result, or are told that it is in progress. What the body returned is recorded and replayed
//! until the `ttl` ends. An error that the body itself returned frees the key: it says that
//! nothing was done. An owner that vanishes (dropped, panicked, cut by a timeout, its lease
//! over) leaves an *abandoned* claim behind; [`OnAbandon`] says what that means.
//!
//! # What is promised
//!
//! * A start is a claim; retries inside one claim are one start.
//! * [`OnAbandon::Indeterminate`]: a key is started at most once within its ttl, unless the body
//!   itself answered with an error, which says that nothing was done.
//! * [`OnAbandon::Retry`]: a key is started at least once, and at most one result is recorded.
//!   Two starts can overlap only if an owner stood still for longer than its lease.
//! * Both hold as long as the store keeps what it acknowledged. The store of this module lives in
//!   memory: it forgets when the process ends, and past its [`MemoryLimits`] it forgets the oldest
//!   results first (an [`IdempotencyEvent::Evicted`] says so).
//!
//! # Scope of a key
//!
//! Keys of two functions never meet, unless both give one `name`. The name of the success type is
//! part of the scope, so that the instances of a generic function don't replay each other's
//! results. A body that calls its own function with its own key waits for itself, to the deadline
//! in force: don't.

mod begin;
mod budget;
mod claim;
mod codec;
#[cfg(feature = "test-util")]
pub mod conformance;
mod encode;
mod error;
mod event;
mod key;
mod ledger;
mod memory;
mod policy;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod running;
pub mod store;
mod waiting;

#[cfg(test)]
mod tests;

pub use begin::{Begin, Beginning, IdempotentSite};
pub use claim::Claim;
pub use codec::{Codec, Recordable, recorded};
pub use encode::KeyPart;
pub use error::{IdempotencyError, KeyFault};
pub use event::IdempotencyEvent;
pub use key::{KeyBuilder, PreparedFingerprint, PreparedKey};
pub use memory::{LimitsInUse, MemoryLimits, memory_limits};
pub use policy::{Conflict, IdempotentPolicy, OnAbandon};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, postgres};
#[cfg(feature = "redis")]
pub use redis::{Redis, redis};
pub use running::Running;
pub use store::{Store, StoreError};
