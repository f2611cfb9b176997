//! The changes of the limit as a stream.

use std::fmt;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::identity::{BulkheadChange, Name};

/// The changes of the limit of a bulkhead and of all its keys, from the moment of the subscription on:
/// [`Bulkhead::changes`](super::Bulkhead::changes) returns it.
///
/// ```no_run
/// # async fn watch() {
/// let mut changes = resil_runtime::bulkhead("pay").changes();
/// loop {
///     let change = changes.next().await;
///     println!("{}: {} -> {}", change.name, change.from, change.to);
/// }
/// # }
/// ```
pub struct BulkheadChanges {
    receiver: broadcast::Receiver<BulkheadChange>,
    /// The number of changes that were lost and not reported yet; kept here, so that a `next` that
    /// is dropped does not forget them.
    missed: u64,
}

impl fmt::Debug for BulkheadChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkheadChanges")
            .field("waiting", &self.receiver.len())
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

impl BulkheadChanges {
    pub(super) fn of(name: &Name) -> Self {
        Self {
            receiver: name.subscribe(),
            missed: 0,
        }
    }

    /// Waits for the next change. The stream never ends, as a bulkhead lives as long as the process.
    ///
    /// At most 128 changes are kept for a listener; a slower one loses the oldest, and
    /// [`BulkheadChange::missed`] of the next change says how many.
    ///
    /// # Cancellation
    ///
    /// Cancel safe: a future that is dropped before it is ready has taken no change.
    pub async fn next(&mut self) -> BulkheadChange {
        loop {
            match self.receiver.recv().await {
                Ok(change) => return self.heard(change),
                Err(RecvError::Lagged(n)) => self.missed += n,
                // The sender lives as long as the process.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Returns the next change if there is one, without waiting.
    pub fn try_next(&mut self) -> Option<BulkheadChange> {
        loop {
            match self.receiver.try_recv() {
                Ok(change) => return Some(self.heard(change)),
                Err(TryRecvError::Lagged(n)) => self.missed += n,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    fn heard(&mut self, change: BulkheadChange) -> BulkheadChange {
        BulkheadChange {
            missed: std::mem::take(&mut self.missed),
            ..change
        }
    }
}
