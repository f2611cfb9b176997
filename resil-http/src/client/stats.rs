//! A client in figures.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::balance::{PoolStats, PooledStats};

/// The figures of a [`Client`](super::Client) as they were at one moment:
/// [`Client::stats`](super::Client::stats) returns them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientStats {
    /// The name of the client.
    pub name: &'static str,
    /// How many calls are under way: those that were begun, and whose answer, or error, is not there yet. A call waits
    /// for the policies too, and makes several requests if it is retried or hedged.
    pub under_way: u64,
    /// The connections, and the limits of their pool.
    pub pool: PooledStats,
    /// What picks the endpoints, with the requests that are pending at each. `None` for a client without endpoints.
    pub balancer: Option<PoolStats>,
}

/// Counts the calls that are under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(AtomicU64);

impl UnderWay {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Counts a call until what it returns is dropped.
    pub(super) fn begin(&self) -> CallUnderWay<'_> {
        self.0.fetch_add(1, Relaxed);
        CallUnderWay(self)
    }
}

/// A call that is under way.
pub(super) struct CallUnderWay<'s>(&'s UnderWay);

impl Drop for CallUnderWay<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
