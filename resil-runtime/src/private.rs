//! The only names that generated code may use. No promise of stability is made for them.

pub use crate::circuit::{CircuitPolicy, CircuitSite, CircuitVerdict, Permit, Window, WindowOf};
pub use crate::deadline::Deadline;
pub use crate::error::Refusal;
pub use crate::failure::{Edge, Failure, Outcome, edge, edge_bare, finish, lift, look};
pub use crate::mark::{Mark, watch};
pub use crate::retry::{
    BudgetPolicy, Jitter, Retry, RetryPolicy, RetrySite, RetryVerdict, Strategy, attempt,
};
pub use crate::site::Site;
pub use crate::then::then;
pub use crate::timeout::timeout;
