//! The runtime of `resil`: the policies behind its attributes, and their public settings, handles
//! and events.
//!
//! Most users want the package `resil`, whose attributes write the calls into this crate.
//!
//! Each policy has a folder: `retry`, `timeout`, `circuit`, `bulkhead`, `rate_limit`, `hedge`, `fallback`,
//! `idempotency`. The policies stand on
//! the modules that every call needs (`call`, `error`, `event`, `classify`), on the two about time
//! (`clock`, `deadline`), on `cancel`, which ends their waits from outside, and on `named`, which finds
//! state by name. No policy knows another one.

#![cfg_attr(loom, allow(dead_code, reason = "the models do without statics"))]
#![cfg_attr(
    not(feature = "control"),
    allow(
        clippy::needless_borrow,
        reason = "with the feature the settings in use are behind a guard, and without it behind a reference"
    )
)]

mod blocking;
pub mod bulkhead;
mod call;
#[cfg(not(feature = "cancel"))]
mod cancel;
#[cfg(feature = "cancel")]
pub mod cancel;
#[cfg(all(feature = "catalog", not(loom)))]
pub mod catalog;
pub mod circuit;
pub mod classify;
#[doc(hidden)]
pub mod clock;
mod compact_duration;
mod conflict;
#[cfg(all(feature = "control", not(loom)))]
pub mod control;
pub mod deadline;
pub mod error;
pub mod event;
#[cfg(test)]
mod extremes;
mod fallback;
#[cfg(feature = "hedge")]
pub mod hedge;
#[cfg(any(feature = "idempotent", feature = "store"))]
mod hex;
#[cfg(feature = "idempotent")]
pub mod idempotency;
mod in_use;
#[cfg(all(feature = "control", not(loom)))]
mod instead;
#[cfg(loom)]
#[doc(hidden)]
pub mod loom;
mod named;
mod observe;
mod random;
pub mod rate_limit;
pub mod retry;
#[cfg(all(feature = "settings", not(loom)))]
mod settings;
mod shard;
mod spans;
#[cfg(not(loom))]
pub mod stack;
mod sync;
mod timeout;

/// The breakers, bulkheads and rate limits of this process by name, and the settings in which two
/// functions conflict.
///
/// [`registry()`](crate::registry()) lists them; [`breaker`], [`bulkhead()`] and [`rate_limit()`] return the
/// handle of one.
pub mod registry {
    pub use crate::bulkhead::registry::{BulkheadSnapshot, bulkhead};
    pub use crate::circuit::registry::{BreakerSnapshot, breaker};
    pub use crate::conflict::{Conflict, ConflictKind};
    pub use crate::named::{MAX_BY_HAND, OVERFLOW, Registry, registry};
    pub use crate::rate_limit::registry::{RateLimitSnapshot, rate_limit};
}

/// What an edge needs, such as `resil-http`. It is no public API.
#[cfg(all(feature = "edge", not(loom)))]
#[doc(hidden)]
pub mod edge {
    pub use crate::bulkhead::handle::free_place;
    pub use crate::bulkhead::held::learn_from;
    pub use crate::call::may_copy::MayCopy;
    pub use crate::deadline::scope::{alone_in_force, in_force};
    pub use crate::error::grpc::{pushback_ms, said as said_in_grpc};
    pub use crate::error::late::late;
    pub use crate::event::header::tell_header_ignored;
    pub use crate::random::up_to as random_up_to;
    pub use crate::rate_limit::handle::{of_bytes as limit_of_bytes, take_one, take_one_of_key};
    pub use crate::shard::{SHARDS, shard_of_thread};
    pub use crate::stack::edge::{Policies, fell_back};
    pub use crate::stack::failed::Failed;
    pub use crate::stack::outline::Repeatable;
}

/// What the panel needs. It is no public API.
#[doc(hidden)]
pub mod panel {
    pub use crate::event::level::{Level, level_of};
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bulkhead::{Bulkhead, KeyedBulkhead};
pub use call::FromResil;
#[cfg(feature = "cancel")]
pub use cancel::cancel_scope;
#[cfg(all(feature = "shutdown", unix))]
pub use cancel::shutdown_on_signal;
#[cfg(feature = "shutdown")]
pub use cancel::{Shutdown, drain, shutdown};
#[cfg(all(feature = "catalog", not(loom)))]
pub use catalog::catalog;
pub use circuit::{Breaker, KeyedBreaker};
pub use classify::{Class, Classify};
#[cfg(all(feature = "control", not(loom)))]
pub use control::control;
pub use deadline::{Carried, Deadline, carry, spawn};
pub use error::Error;
pub use event::report::{CallReport, TracedCall};
pub use event::trace::{Traced, trace};
#[cfg(feature = "metrics")]
pub use observe::metrics;
#[cfg(feature = "stats")]
pub use observe::stats::{CallStats, FunctionStats, Stats, stats};
#[cfg(feature = "seed")]
pub use random::seed;
pub use rate_limit::{KeyedRateLimit, RateLimit};
pub use registry::{breaker, bulkhead, rate_limit, registry};
pub use retry::Backoff;
#[cfg(not(loom))]
pub use stack::Stack;
pub use timeout::TimeoutPolicy;
