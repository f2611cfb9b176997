//! `#[circuit]`: while the other side keeps failing, calls are refused at once.
//!
//! A [`Breaker`] is closed as long as calls succeed. When the rules of its [`CircuitPolicy`] are
//! met, it opens and refuses all calls. When the open time is over it is half-open and lets a few
//! calls pass as probes, whose outcomes close it or open it again.
//!
//! * Every call remembers the state that let it in. The outcome of a call that began before the
//!   last change of state is not counted.
//! * A call that ended without an answer of the other side is neutral: it counts neither way, and a
//!   probe that ends so gives its place back. Probes that do not end lose their places
//!   to others [`open_for`](CircuitPolicy::open_for) after the last one was let in. If they end after
//!   all while it is still half-open, they count as the others do.
//! * A success that would change nothing writes nothing: as long as all is well, callers on many
//!   cores share one cache line that is only read.
//! * Under one name there may be a breaker for each key: see [`Breaker::key`].
//! * A call made, in the same task, under a permit of the same breaker (and key) runs under that
//!   permit: it is never refused, and not counted a second time.
//!
//! The attribute makes all calls into this module; to control a breaker manually,
//! [`breaker`](crate::breaker()) returns its handle.
//!
//! From the bottom up: `word` packs the state into one atomic word, `rules` are the settings in its
//! units, `machine` computes the next word, `window` counts outcomes, `breaker` adds threads, the
//! clock and events, `named` finds breakers, and `site`, `permit`, `handle` and `changes` define the
//! types that callers hold.

#![allow(
    clippy::inline_always,
    reason = "a closed breaker costs two loads and two tests; a call costs more than that"
)]

pub(crate) mod breaker;
mod call_permit;
mod callers;
mod change;
mod changes;
mod counts;
mod handle;
mod held;
pub(crate) mod identity;
mod machine;
mod named;
pub(crate) mod permit;
pub(crate) mod policy;
mod recording;
pub(crate) mod registry;
mod rules;
mod settings;
pub(crate) mod site;
pub(crate) mod verdict;
mod window;
mod word;

#[cfg(test)]
mod tests;

pub use self::call_permit::{CallPermit, Scoped};
pub use self::change::{Change, KEPT};
pub use self::changes::Changes;
pub use self::counts::Counts;
pub use self::handle::{Breaker, KeyedBreaker};
pub use self::policy::{CircuitPolicy, Window};
pub use crate::event::circuit_state::CircuitState;

#[cfg(loom)]
pub(crate) use self::{
    breaker::BreakerCore,
    verdict::CircuitVerdict,
    window::{Sample, timed::TimedWindow},
    word::Stamp,
};
