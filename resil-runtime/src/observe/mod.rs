//! Sight: what each call of an annotated function, and of a policy as a value, was seen to do.
//!
//! With the feature `observe`, which `stats`, `metrics` and `tracing` switch on, each call has a
//! [`Seen`](seen::Seen). It begins with the first poll, hears of each attempt, and ends with the outcome,
//! which has one of the words of [`CallOutcome`](outcome::CallOutcome). Dropped before that, the call was
//! dropped, or it panicked. Without the feature none of this is compiled.
//!
//! With `counts`, which `stats` and `metrics` switch on, a call is counted on the [`Tally`](tally::Tally)
//! of its function. What its policies do in between is counted where they tell their events, by a
//! [`Count`](count::Count), whether or not somebody listens. All of that is off the good path.

#[cfg(feature = "observe")]
pub(crate) mod attempt;
pub(crate) mod count;
#[cfg(feature = "observe")]
mod followed;
#[cfg(feature = "counts")]
mod history;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "observe")]
pub(crate) mod outcome;
#[cfg(feature = "metrics")]
pub(crate) mod refusals;
#[cfg(feature = "observe")]
pub(crate) mod seen;
#[cfg(feature = "counts")]
pub(crate) mod slice;
#[cfg(any(feature = "counts", loom))]
pub(crate) mod slot;
#[cfg(feature = "stats")]
pub(crate) mod stats;
#[cfg(feature = "stats")]
mod table;
#[cfg(feature = "counts")]
pub(crate) mod tally;
#[cfg(feature = "counts")]
pub(crate) mod thread;
#[cfg(feature = "counts")]
pub(crate) mod times;
#[cfg(feature = "tracing")]
pub(crate) mod traced;

#[cfg(all(test, feature = "stats"))]
mod tests;
