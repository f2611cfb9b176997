//! The events of the policies, told to the listeners of the process: for logs, metrics and tests.
//!
//! With no listener an event costs one relaxed load. [`subscribe`] adds a listener, which runs in
//! the task that the event happens in, with no lock held. A listener that panics loses that event
//! and nothing else.
//!
//! With the feature `tracing`, the subscriber of that crate gets each event as well, without the text of
//! errors.
//!
//! All events of one call bear its [`CallId`]. To ask about a single call, wrap it in a
//! [`trace`](crate::trace()).

pub(crate) mod circuit_state;
pub(crate) mod error_text;
#[cfg(feature = "edge")]
pub(crate) mod header;
#[cfg(all(feature = "control", not(loom)))]
mod held;
#[cfg(feature = "idempotent")]
pub(crate) mod idempotency;
#[cfg(feature = "chaos")]
pub(crate) mod injected;
pub(crate) mod kinds;
pub(crate) mod level;
mod listeners;
pub(crate) mod report;
mod switch;
pub(crate) mod trace;

#[cfg(feature = "chaos")]
pub use self::injected::InjectedFault;
pub use self::kinds::{Event, StopReason};
pub use self::listeners::{Subscription, subscribe};
pub use crate::call::CallId;

pub(crate) use self::error_text::ErrorText;
#[cfg(all(feature = "control", not(loom)))]
pub(crate) use self::listeners::hold;
pub(crate) use self::listeners::{emit, is_heard};
pub(crate) use self::switch::is_awake;
