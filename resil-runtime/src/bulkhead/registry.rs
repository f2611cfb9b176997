//! The bulkheads of this process by name.

use std::sync::Arc;

use super::core::BulkheadCore;
use super::handle::Bulkhead;
use crate::named::{Registry, Shared};

/// The state of one bulkhead, as [`Registry::bulkheads`] returns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BulkheadSnapshot {
    /// The name of the bulkhead.
    pub name: &'static str,
    /// The key of the bulkhead: `None` for the bulkhead of the name itself,
    /// [`OVERFLOW`](crate::registry::OVERFLOW) for the one that keys beyond
    /// [`max_keys`](crate::bulkhead::BulkheadPolicy::max_keys) share.
    pub key: Option<Arc<str>>,
    /// The limit of calls at once.
    pub limit: u32,
    /// The number of calls inside. A place that was handed to a waiting call counts.
    pub in_flight: u32,
    /// The number of calls that wait for a place.
    pub waiting: usize,
}

impl Registry {
    /// Returns the state of every bulkhead, ordered by name and then by key. Each name has a bulkhead
    /// of its own, which comes before those of its keys.
    ///
    /// The bulkheads are read one after the other, so their states need not be of one moment.
    pub fn bulkheads(&self) -> Vec<BulkheadSnapshot> {
        BulkheadCore::names().snapshot(BulkheadSnapshot::of)
    }
}

impl BulkheadSnapshot {
    pub(crate) fn of(core: &BulkheadCore) -> Self {
        let word = core.load();
        Self {
            name: core.name(),
            key: core.identity().key().cloned(),
            limit: word.limit(),
            in_flight: word.inside(),
            waiting: core.waiting(),
        }
    }
}

/// Returns the handle of the bulkhead called `name`, and makes the bulkhead if there is none.
///
/// All who use a name share its bulkhead, whether they give the name here or in
/// `#[bulkhead(name = ..)]`. The name of a function without one is its path.
///
/// A new bulkhead has the default settings (16 calls at once, none that waits) until it adopts those
/// of the first function with settings that is called, or those of [`Bulkhead::configure`]. This
/// function makes at most [`MAX_BY_HAND`](crate::registry::MAX_BY_HAND) names; beyond that, new names
/// share one bulkhead, [`OVERFLOW`](crate::registry::OVERFLOW).
pub fn bulkhead(name: &str) -> Bulkhead {
    Bulkhead::new(BulkheadCore::names().get(name))
}
