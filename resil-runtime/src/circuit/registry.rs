//! The breakers of this process by name, and the settings in which two functions conflict.

use std::sync::Arc;

use super::breaker::BreakerCore;
use super::counts::Counts;
use super::handle::Breaker;
use super::names;
use super::state::CircuitState;
use crate::clock;
use crate::conflict;

pub use super::identity::OVERFLOW;
pub use super::names::MAX_BY_HAND;
pub use crate::conflict::{Conflict, ConflictKind};

/// What [`Registry::snapshot`] says of a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The breaker.
    pub name: &'static str,
    /// Its key, where there is a breaker for each key; [`OVERFLOW`] for the one that keys beyond
    /// [`max_keys`](CircuitPolicy::max_keys) share.
    pub key: Option<Arc<str>>,
    /// Its state, as [`Breaker::state`] gives it: half-open once `open_for` has passed.
    pub state: CircuitState,
    /// What it has counted in that state.
    pub counts: Counts,
}

/// All breakers of the process: [`registry`] gives it.
#[derive(Debug, Clone, Copy)]
pub struct Registry(());

/// All breakers of the process.
pub fn registry() -> Registry {
    Registry(())
}

impl Registry {
    /// The breakers and named budgets that two functions set differently, in the order in which it
    /// was found.
    pub fn conflicts(&self) -> Vec<Conflict> {
        conflict::all()
    }

    /// The state of every breaker, by name and then by key: each name has one of its own, before
    /// those of its keys. Each is read by itself, after the other, with no lock held.
    pub fn snapshot(&self) -> Vec<BreakerSnapshot> {
        let breakers = names::all();
        let mut all = Vec::with_capacity(breakers.len());
        for breaker in breakers {
            all.push(BreakerSnapshot::of(breaker));
            if let Some(keys) = breaker.known_keys() {
                all.extend(keys.all().iter().map(|core| BreakerSnapshot::of(core)));
            }
        }
        all.sort_unstable_by(|a, b| (a.name, &a.key).cmp(&(b.name, &b.key)));
        all
    }
}

impl BreakerSnapshot {
    fn of(core: &BreakerCore) -> Self {
        Self {
            name: core.name(),
            key: core.key().cloned(),
            state: core.state_at(clock::now_ms),
            counts: core.counts(clock::now_ms),
        }
    }
}

/// The breaker of that name, which all share who name it, by hand or in `#[circuit(name = ..)]`.
///
/// One that does not exist is made, on default settings; it adopts those of the first function
/// with settings that registers, which a function does with its first call. At most
/// [`MAX_BY_HAND`] are made so; beyond that new names share one breaker, [`OVERFLOW`].
pub fn breaker(name: &str) -> Breaker {
    Breaker::new(names::get(name))
}
