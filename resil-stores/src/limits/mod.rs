//! Rate limits that are counted over all hosts: the stores of `#[rate_limit(store = ..)]`.
//!
//! A [`LimitStore`] keeps what the calls of a rate limit still owe: Redis or Valkey, PostgreSQL, or one
//! of your own. [`SharedLimits`] wraps a store in its settings, and [`install_named`] installs it for the
//! functions with `store = "name"`.
//!
//! `resil::limits` re-exports all of this, and says how calls are counted and what an outage does.

mod call;
#[cfg(feature = "test-util")]
pub mod conformance;
mod install;
mod outage;
mod question;
mod shared;
mod sign;
mod turn;

pub use call::StoredRateLimit;
pub use install::{InstallError, RateLimitStoreChoice, install_named};
pub use resil_runtime::rate_limit::OnOutage;
pub use resil_runtime::rate_limit::store::{self, LimitStore, Memory};
pub use shared::SharedLimits;
