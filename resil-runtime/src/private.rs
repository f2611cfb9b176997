//! The only names that generated code may use. No promise of stability is made for them.

pub use crate::circuit::{CircuitPolicy, CircuitSite, CircuitVerdict, Permit, Window, WindowOf};
pub use crate::classify::{Class, Classify, Probe};
pub use crate::deadline::Deadline;
pub use crate::error::Refusal;
pub use crate::failure::{
    Carry, Edge, Failure, Outcome, edge, edge_bare, finish, finish_carrying, lift, lift_carried,
    look,
};
pub use crate::mark::{Mark, watch};
pub use crate::retry::{
    BudgetPolicy, Jitter, Retry, RetryPolicy, RetrySite, RetryVerdict, Strategy, ask, attempt,
};
pub use crate::site::Site;
pub use crate::then::then;
pub use crate::timeout::timeout;

/// Missing here: `store = ..` needs the feature `store` of `resil`.
#[cfg(feature = "store")]
pub use crate::idempotency::StoreChoice;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::{
    Conflict, IdempotentPolicy, IdempotentSite, KeyBuilder, OnAbandon, PreparedFingerprint,
    keep_error, recorded, recorded_with_errors,
};
