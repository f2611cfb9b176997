//! The spans and events of the crate `tracing`: feature `tracing`.
//!
//! They need no set-up but a subscriber. Each call is a span `resil.call`, each of its attempts a span
//! `resil.attempt` below it, and each [`Event`](crate::event::Event) an event below the span of its
//! call. `docs/tracing.md` fixes their names, levels and fields.
//!
//! Without a subscriber no span is made and no clock is read: `docs/tracing.md` says what a call costs then.

pub(crate) mod around;
#[cfg(feature = "tracing")]
pub(crate) mod attempt;
#[cfg(feature = "tracing")]
pub(crate) mod call;
#[cfg(feature = "tracing")]
mod circuits;
pub(crate) mod cut;
#[cfg(all(feature = "tracing", feature = "edge"))]
mod edge;
#[cfg(feature = "tracing")]
mod event;
#[cfg(all(feature = "tracing", feature = "idempotent"))]
mod idempotency;
#[cfg(feature = "tracing")]
pub(crate) mod interest;
#[cfg(feature = "tracing")]
mod limits;
#[cfg(feature = "tracing")]
pub(crate) mod own;
#[cfg(all(feature = "tracing", feature = "control"))]
mod steering;
#[cfg(feature = "tracing")]
pub(crate) mod table;
#[cfg(feature = "tracing")]
mod tell;
#[cfg(all(test, feature = "tracing", not(loom)))]
mod tests;
#[cfg(feature = "tracing")]
pub(crate) mod words;

#[cfg(feature = "tracing")]
pub(crate) use self::interest::is_on;
#[cfg(feature = "tracing")]
pub(crate) use self::tell::tell;
