//! The breakers of this process by name.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::BreakerCore;
use super::counts::Counts;
use super::handle::Breaker;
use crate::clock;
use crate::event::circuit_state::CircuitState;
use crate::named::{Registry, Shared};

/// The state of one breaker, as [`Registry::snapshot`] returns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The name of the breaker.
    pub name: &'static str,
    /// The key of the breaker: `None` for the breaker of the name itself, [`OVERFLOW`](crate::registry::OVERFLOW) for the
    /// breaker that keys beyond [`max_keys`](crate::circuit::CircuitPolicy::max_keys) share.
    pub key: Option<Arc<str>>,
    /// The state, as [`Breaker::state`] returns it: half-open once the open time is over.
    pub state: CircuitState,
    /// The counts in that state.
    pub counts: Counts,
    /// The time until a probe would be let in: the rest of the open time or, while half-open with all
    /// probes out, the time until these count as lost. `None` if a call would be let in now, or if the
    /// breaker is held open manually.
    pub retry_in: Option<Duration>,
}

impl Registry {
    /// Returns the state of every breaker, ordered by name and then by key. Each name has a breaker
    /// of its own, which comes before those of its keys.
    ///
    /// The breakers are read one after the other, with no lock held, so their states need not be of
    /// one moment.
    pub fn snapshot(&self) -> Vec<BreakerSnapshot> {
        BreakerCore::names().snapshot(BreakerSnapshot::of)
    }
}

impl BreakerSnapshot {
    pub(crate) fn of(core: &BreakerCore) -> Self {
        Self {
            name: core.name(),
            key: core.key().cloned(),
            state: core.state_at(clock::now_ms),
            counts: core.counts(clock::now_ms),
            retry_in: core.retry_in(clock::now_ms),
        }
    }
}

/// Returns the handle of the breaker called `name`, and makes the breaker if there is none.
///
/// All who use a name share its breaker, whether they give the name here or in
/// `#[circuit(name = ..)]`. The name of a function without one is its path.
///
/// A new breaker has the default settings until it adopts those of the first function with settings
/// that is called, or those of [`Breaker::configure`]. This function makes at most [`MAX_BY_HAND`](crate::registry::MAX_BY_HAND)
/// names; beyond that, new names share one breaker, [`OVERFLOW`](crate::registry::OVERFLOW).
pub fn breaker(name: &str) -> Breaker {
    Breaker::new(BreakerCore::names().get(name))
}
