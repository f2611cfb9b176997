//! Ends the waits of calls from outside: by a token around them, or as the process shuts down. What
//! runs is left alone.
//!
//! A wait asks `stopped` before it begins and polls a `Stop` while it lasts. Without the feature
//! `cancel` both are empty, and the code around them compiles to nothing.
//!
//! * `source` is what ends waits: a token, with the reason that is told.
//! * `scope` holds the sources around a poll, in a thread-local as the deadline is, and `process` the one
//!   around all.
//! * `stop` is the view of a wait on both.
//! * `refuse` is the refusal of a call whose wait was ended.
//! * `entered` counts calls in flight, and `completion` what idempotent calls leave to be done; `shutdown`, `drain` and `signal` are what users call.

#[cfg(all(feature = "shutdown", feature = "idempotent"))]
pub(crate) mod completion;
#[cfg(feature = "shutdown")]
mod drain;
#[cfg(feature = "shutdown")]
pub(crate) mod entered;
#[cfg(feature = "shutdown")]
mod process;
pub(crate) mod refuse;
#[cfg(feature = "cancel")]
mod scope;
#[cfg(feature = "shutdown")]
mod shutdown;
#[cfg(all(feature = "shutdown", unix))]
mod signal;
#[cfg(feature = "cancel")]
mod source;
#[cfg_attr(not(feature = "cancel"), path = "never.rs")]
pub(crate) mod stop;
#[cfg(feature = "shutdown")]
mod work;

#[cfg(feature = "cancel")]
pub use self::scope::{CancelScoped, cancel_scope};
#[cfg(feature = "shutdown")]
pub use self::shutdown::{Begun, Shutdown, drain, shutdown};
#[cfg(all(feature = "shutdown", unix))]
pub use self::signal::shutdown_on_signal;
#[cfg(feature = "shutdown")]
pub use self::work::{Remaining, RemainingCalls};
#[cfg(feature = "cancel")]
pub use tokio_util::sync::CancellationToken;

pub(crate) use self::refuse::refuse;
#[cfg(feature = "cancel")]
pub(crate) use self::scope::Around;
#[cfg(not(feature = "cancel"))]
pub(crate) use self::stop::Around;
pub(crate) use self::stop::{Stop, stopped};
