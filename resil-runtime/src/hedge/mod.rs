//! `#[hedge]`: starts further copies of the code inside it while the first one gives no answer.
//!
//! Generated code makes one `Hedge` of a call from a closure that makes a copy. The
//! first copy lies in that future: a call whose first copy is ready at once reads one word (the budget),
//! reads no clock, and allocates nothing. A timer is made after the first copy was pending, and each
//! further copy is one allocation.
//!
//! All copies run in the task of the caller. When that task is woken, every copy is polled, as a waker
//! of its own for each copy would have to be allocated.

pub(crate) mod budget;
pub(crate) mod future;
pub(crate) mod gate;
pub(crate) mod latencies;
mod policy;
mod race;
pub(crate) mod site;
mod timer;
pub(crate) mod verdict;

#[cfg(test)]
mod tests;

pub use self::policy::{HedgeAfter, HedgePolicy};
