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

/// Missing here: `store = ..` needs the feature `store` of `resil`.
#[cfg(feature = "store")]
pub use crate::idempotency::StoreChoice;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::{
    Conflict, IdempotentPolicy, IdempotentSite, KeyBuilder, KeySays, OnAbandon,
    PreparedFingerprint, recorded, recorded_is_final, recorded_with_errors, weigh,
};
