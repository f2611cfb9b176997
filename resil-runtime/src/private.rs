//! The only names that generated code may use. No promise of stability is made for them.

pub use crate::circuit::{
    CircuitPolicy, CircuitSite, CircuitVerdict, KeyedCircuit, Permit, Window, WindowOf,
    under_permit,
};
pub use crate::classify::{Class, Classify, Derived, Forward, Link, Probe, RetryAfter};
pub use crate::deadline::Deadline;
pub use crate::error::Refusal;
pub use crate::failure::{
    Carry, Edge, Failure, Outcome, edge, edge_bare, finish, finish_carrying, lift, lift_carried,
    look,
};
pub use crate::mark::{Mark, watch};
pub use crate::retry::{
    BudgetPolicy, Jitter, Plan, Retry, RetryPolicy, RetrySite, RetryVerdict, Strategy, ask,
    attempt, plan,
};
pub use crate::shown::{Showing, Shown};
pub use crate::site::Site;
pub use crate::then::then;
pub use crate::timeout::{enclosed_timeout, timeout};
pub use crate::types::Types;
pub use inventory::submit;

/// A value of the type that a body answers, in code that never runs: inference is pinned to it.
#[cold]
pub fn never<R>() -> R {
    unreachable!("behind `if false`")
}

// No `StoreChoice`: `store = ..` needs the feature `store` of `resil`.
#[cfg(feature = "idempotent")]
pub use crate::idempotency::codec::{recorded, recorded_with_errors};
#[cfg(feature = "idempotent")]
pub use crate::idempotency::instance::KeySays;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::key::{KeyBuilder, PreparedFingerprint};
#[cfg(feature = "idempotent")]
pub use crate::idempotency::running::weigh;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::site::IdempotentSite;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
#[cfg(feature = "idempotent")]
pub use crate::retry::recorded_is_final;

/// The parts that `resil-stores` is built of.
#[cfg(feature = "idempotent")]
pub mod stores {
    pub use crate::error::Refusal;
    pub use crate::failure::{Failure, IsResult, Outcome};
    pub use crate::idempotency::active_claims::*;
    pub use crate::idempotency::claiming::ClaimFuture;
    pub use crate::idempotency::codec::*;
    pub use crate::idempotency::error::Cause;
    pub use crate::idempotency::instance::*;
    pub use crate::idempotency::key::*;
    pub use crate::idempotency::keyed_call::*;
    pub use crate::idempotency::memory::*;
    pub use crate::idempotency::running::*;
    pub use crate::idempotency::site::*;
    pub use crate::idempotency::tell::*;
    pub use crate::idempotency::waiters::*;
    pub use crate::mark::Mark;
    pub use crate::site::Site;
    pub use crate::types::Types;
}
