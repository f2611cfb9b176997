#![doc = include_str!("../README.md")]

#[cfg(feature = "idempotent")]
pub use resil_macros::idempotent;
pub use resil_macros::{circuit, retry, timeout};

#[cfg(feature = "idempotent")]
pub use resil_runtime::idempotency;
pub use resil_runtime::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
pub use resil_runtime::{Deadline, Error, event, spawn};

#[doc(hidden)]
pub mod __private {
    pub use resil_macros::stack;
    pub use resil_runtime::__private::*;
}
