//! A client in figures.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use resil_runtime::edge::{SHARDS, shard_of_thread};

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
///
/// A count that all calls write to would go from core to core with each of them. So each thread counts in
/// its shard. A call may end on another thread than it began on: only the sum says something.
#[derive(Debug, Default)]
pub(super) struct CallsUnderWay([Count; SHARDS]);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Count(AtomicU64);

impl CallsUnderWay {
    pub(super) fn count(&self) -> u64 {
        let counts = self.0.iter().map(|count| count.0.load(Relaxed));
        // Read one after the other while calls begin and end, they may come to less than nothing.
        counts
            .fold(0, u64::wrapping_add)
            .cast_signed()
            .max(0)
            .cast_unsigned()
    }

    /// Counts a call until what it returns is dropped.
    pub(super) fn begin(&self) -> CallUnderWay<'_> {
        self.of_thread().fetch_add(1, Relaxed);
        CallUnderWay(self)
    }

    fn of_thread(&self) -> &AtomicU64 {
        &self.0[shard_of_thread()].0
    }
}

/// A call that is under way.
pub(super) struct CallUnderWay<'s>(&'s CallsUnderWay);

impl Drop for CallUnderWay<'_> {
    fn drop(&mut self) {
        self.0.of_thread().fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_may_end_on_another_thread() {
        let calls = CallsUnderWay::default();
        let (first, second) = (calls.begin(), calls.begin());
        assert_eq!(calls.count(), 2);
        std::thread::scope(|scope| scope.spawn(|| drop(first)).join()).unwrap();
        assert_eq!(calls.count(), 1);
        drop(second);
        assert_eq!(calls.count(), 0);
    }
}
