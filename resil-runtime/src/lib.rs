//! The runtime of `resil`: what its attributes call, usable by hand.
//!
//! Most users want the package `resil`, whose attributes write these calls for them.

#![cfg_attr(loom, allow(dead_code, reason = "the models do without statics"))]

mod call;
pub mod circuit;
pub mod classify;
pub mod clock;
pub mod deadline;
pub mod error;
pub mod event;
#[cfg(test)]
mod extremes;
mod failure;
#[cfg(feature = "idempotent")]
pub mod idempotency;
#[cfg(loom)]
#[doc(hidden)]
pub mod loom;
mod mark;
pub mod registry;
pub mod retry;
mod shown;
mod site;
mod sync;
mod then;
pub mod timeout;
mod trace;
mod types;
mod under;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use circuit::{Breaker, KeyedBreaker};
pub use classify::{Class, Classify};
pub use deadline::{Carried, Deadline, carry, spawn};
pub use error::Error;
pub use failure::FromResil;
pub use registry::{breaker, registry};
pub use retry::Backoff;
pub use trace::{CallReport, Traced, TracedCall, trace};
