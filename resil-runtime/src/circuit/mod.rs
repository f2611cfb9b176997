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

mod call;
mod changes;
mod counted;
mod handle;
mod identity;
mod key_text;
mod keys;
mod machine;
#[cfg(test)]
mod model;
#[cfg(loom)]
#[path = "../loom/keys.rs"]
pub(crate) mod models;
mod nesting;
mod noisy;
mod permit;
mod policy;
mod probing;
mod ready;
mod rules;
mod settings;
mod shard;
mod site;
#[cfg(test)]
mod stress;
mod timed;
mod word;

pub use self::changes::{Change, Changes, KEPT};
pub use self::handle::{Breaker, CallPermit, Counts, KeyedBreaker};
pub use self::nesting::Scoped;
#[doc(hidden)]
pub use self::nesting::{UnderPermit, under_permit};
#[doc(hidden)]
pub use self::permit::Permit;
pub use self::policy::{CircuitPolicy, Window, WindowOf};
#[doc(hidden)]
pub use self::site::{CircuitSite, CircuitVerdict, KeyedCircuit};

pub(crate) use self::machine::Core;
#[cfg(loom)]
pub(crate) use self::{counted::Ended, timed::Timed, word::Stamp};

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// The time of the opening is up: probes are let in.
    HalfOpen,
    /// Held open by hand.
    ForcedOpen,
    /// Disabled by hand: calls pass, nothing is counted.
    Disabled,
}
