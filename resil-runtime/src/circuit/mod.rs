//! `#[circuit]`: while the other side keeps failing, calls are refused at once.
//!
//! A [`Breaker`] is closed as long as things go well. When the rules of its [`CircuitPolicy`] are
//! met it opens and refuses all calls; when that time is over it is half-open and lets a few probes
//! in, whose outcomes close it or open it again.
//!
//! * Every call remembers the state that let it in. What began before the last change of state is
//!   dropped when it comes back, not counted.
//! * A call that ended without an answer of the other side is neutral: it counts neither way, and
//!   a probe so ended gives its place back. Probes that never come back lose their places to others
//!   [`open_for`](CircuitPolicy::open_for) after the last one was let in.
//! * A success that would change nothing writes nothing: in health, callers on many cores share
//!   one line that is only read.
//! * Under one name there may be a breaker for each key: see [`Breaker::key`].
//! * A call made, in the same task, under a permit of the same breaker (and key) runs under that
//!   permit: it is never refused, and not counted a second time.
//!
//! The attribute makes all calls into this module; by hand, [`breaker`](crate::registry::breaker)
//! gives the handle of a name.

#![allow(
    clippy::inline_always,
    reason = "a closed breaker costs two loads and two tests; a call costs more than that"
)]

mod breaker;
mod call_permit;
mod callers;
mod change;
mod changes;
mod counts;
mod handle;
mod held;
mod identity;
mod key_text;
mod keys;
mod machine;
#[cfg(test)]
mod model;
#[cfg(loom)]
#[path = "../loom/keys.rs"]
pub(crate) mod models;
mod named;
mod names;
pub(crate) mod permit;
pub(crate) mod policy;
mod recording;
pub mod registry;
mod rules;
mod settings;
pub(crate) mod site;
mod state;
#[cfg(test)]
mod stress;
pub(crate) mod verdict;
mod window;
mod word;

pub use self::call_permit::{CallPermit, Scoped};
pub use self::change::{Change, KEPT};
pub use self::changes::Changes;
pub use self::counts::Counts;
pub use self::handle::{Breaker, KeyedBreaker};
pub use self::policy::{CircuitPolicy, Window};
pub use self::state::CircuitState;

#[cfg(loom)]
pub(crate) use self::{
    breaker::BreakerCore,
    verdict::CircuitVerdict,
    window::{Sample, timed::TimedWindow},
    word::Stamp,
};
