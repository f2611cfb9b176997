//! `#[bulkhead]`: so many calls at once, so many waiting, the rest refused.
//!
//! A [`Bulkhead`] lets a call in while fewer than its limit are inside. The others wait in a queue, if
//! it has one with room, or are refused.
//!
//! * **First come, first served.** While calls wait, one that comes joins the queue, even if a place
//!   has just become free.
//! * **No place is lost.** A call gives its place back however it ends: with a value, an error, a panic
//!   or a drop. A call that stops waiting leaves the queue; a place that was handed to it goes to the
//!   next one.
//! * **A call that is not polled** holds up nobody. If a place was handed to a call and the call is not
//!   polled within 10 ms (its task is blocked, or does not poll it), the next one in the queue takes
//!   that place over. The limit holds all the time. Once the first call is polled again, it waits at
//!   the front of the queue, and gets the next place.
//! * **Not too late.** A call stops waiting at the deadline in force, or after the time that its
//!   settings say. If its turn comes later, it is passed over. A place that was handed to it in time and
//!   found by it after the deadline goes to the next one.
//! * **Adaptive.** The limit may be learned from the latency and the outcomes of the calls:
//!   [`AdaptiveLimit`].
//!
//! The attribute makes all calls into this module; to use a bulkhead manually,
//! [`bulkhead`](crate::bulkhead()) returns its handle.
//!
//! From the bottom up: `word` packs the state into one atomic word, `queue` has the calls that wait,
//! `gradient` computes the next adaptive limit and `learner` gathers what it needs, `core` adds
//! threads, `wait` the time, `named` finds bulkheads, and `site`, `place`, `handle` and `changes`
//! define the types that callers hold.

mod adopting;
mod changes;
pub(crate) mod core;
mod gradient;
pub(crate) mod handle;
pub(crate) mod held;
mod identity;
mod learner;
mod learning;
#[cfg(loom)]
mod modeled;
mod named;
pub(crate) mod place;
mod policy;
mod queue;
pub(crate) mod registry;
pub(crate) mod site;
mod turn;
pub(crate) mod wait;
mod word;

#[cfg(test)]
mod tests;

pub use self::changes::BulkheadChanges;
pub use self::handle::{Bulkhead, KeyedBulkhead};
pub use self::held::BulkheadPlace;
pub use self::identity::BulkheadChange;
pub use self::policy::{AdaptiveLimit, BulkheadPolicy};

#[cfg(loom)]
pub(crate) use self::core::BulkheadCore;
