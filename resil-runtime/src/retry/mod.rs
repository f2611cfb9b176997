//! `#[retry]`: how often, when and why the body runs again.
//!
//! Generated code holds a [`Retry`](state::Retry) beside a loop around the body. After each attempt
//! it asks [`again`](state::Retry::again), and before the next one it awaits
//! [`pause`](state::Retry::pause). A first attempt that succeeds reads one word (the budget) and
//! nothing else: no clock, no random number.

pub(crate) mod ask;
pub(crate) mod attempt;
pub(crate) mod backoff;
pub(crate) mod budget;
#[cfg(any(feature = "catalog", feature = "metrics"))]
pub(crate) mod budget_now;
pub(crate) mod decision;
mod delay;
#[cfg(all(feature = "control", not(loom)))]
pub(crate) mod editing;
#[cfg(feature = "cancel")]
pub(crate) mod kept;
#[cfg(feature = "metrics")]
mod level;
mod pause;
pub(crate) mod policy;
#[cfg(all(feature = "control", not(loom)))]
mod replacing;
pub(crate) mod site;
pub(crate) mod state;
mod success;
pub(crate) mod verdict;
mod waiting;

pub use self::backoff::Backoff;
#[cfg(feature = "metrics")]
pub(crate) use self::level::levels;
#[cfg(all(feature = "control", not(loom)))]
pub(crate) use self::policy::BudgetAsWritten;
pub use self::policy::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
