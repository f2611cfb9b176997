//! The runtime of `resil`: what its attributes call, usable by hand.
//!
//! Most users want the package `resil`, whose attributes write these calls for them.

pub mod circuit;
pub mod classify;
pub mod clock;
pub mod deadline;
pub mod error;
pub mod event;
mod failure;
#[cfg(feature = "idempotent")]
pub mod idempotency;
mod mark;
pub mod registry;
pub mod retry;
mod site;
mod sync;
mod then;
pub mod timeout;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use circuit::{Breaker, KeyedBreaker};
pub use classify::{Class, Classify};
pub use deadline::{Deadline, spawn};
pub use error::Error;
pub use registry::{breaker, registry};
pub use retry::Backoff;
