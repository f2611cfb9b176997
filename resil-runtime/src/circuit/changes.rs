//! The changes of state as a stream. The last [`KEPT`] of a name are kept for those who listen: who
//! is slower than that loses the oldest ones, is told how many, and holds up nobody else.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::CircuitState;

/// So many changes wait for a listener that is slow.
pub const KEPT: usize = 128;

/// A breaker changed its state: what [`Changes`] gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// The breaker.
    pub name: &'static str,
    /// Its key, where there is a breaker for each key.
    pub key: Option<Arc<str>>,
    /// The state it left.
    pub from: CircuitState,
    /// The state it is in.
    pub to: CircuitState,
    /// So many changes came before this one that this listener was too slow for: they are lost to
    /// it, and to nobody else. 0 for who keeps up.
    pub missed: u64,
}

impl Change {
    pub(super) fn new(
        name: &'static str,
        key: Option<Arc<str>>,
        from: CircuitState,
        to: CircuitState,
    ) -> Self {
        Self {
            name,
            key,
            from,
            to,
            missed: 0,
        }
    }
}

/// The changes of state of a breaker and of all its keys, from the moment on at which it was asked
/// for: [`Breaker::changes`](super::Breaker::changes) gives it.
///
/// ```no_run
/// # async fn watch() {
/// let mut changes = resil_runtime::breaker("pay").changes();
/// loop {
///     let change = changes.next().await;
///     if change.missed > 0 {
///         println!("{} changes were lost", change.missed);
///     }
///     println!("{}: {:?} -> {:?}", change.name, change.from, change.to);
/// }
/// # }
/// ```
pub struct Changes {
    receiver: broadcast::Receiver<Change>,
    /// Lost, and not told yet: kept here, so that a `next` that is dropped does not forget it.
    missed: u64,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("waiting", &self.receiver.len())
            .field("missed", &self.missed)
            .finish()
    }
}

impl Changes {
    /// The next change. It never ends: a breaker lives as long as the process.
    ///
    /// At most [128](KEPT) wait for a listener; a slower one loses the oldest, as
    /// [`Change::missed`] of the next one says. Changes by calls that ran at the very same time may
    /// come in either order.
    ///
    /// Cancel safe: a call that is dropped has taken nothing.
    pub async fn next(&mut self) -> Change {
        loop {
            match self.receiver.recv().await {
                Ok(change) => return self.counted(change),
                Err(RecvError::Lagged(n)) => self.missed += n,
                // The sender is as old as the process.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// The next change, if one is there.
    pub fn try_next(&mut self) -> Option<Change> {
        loop {
            match self.receiver.try_recv() {
                Ok(change) => return Some(self.counted(change)),
                Err(TryRecvError::Lagged(n)) => self.missed += n,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    fn counted(&mut self, change: Change) -> Change {
        Change {
            missed: std::mem::take(&mut self.missed),
            ..change
        }
    }
}

/// Where the changes of a name are told.
#[derive(Debug)]
pub(crate) struct Channel(broadcast::Sender<Change>);

impl Channel {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(super) fn subscribe(&self) -> Changes {
        Changes {
            receiver: self.0.subscribe(),
            missed: 0,
        }
    }

    /// Wakes whoever waits, with no lock held; nobody listens any more, and it is not even made.
    pub(super) fn send(&self, change: impl FnOnce() -> Change) {
        if self.0.receiver_count() != 0 {
            let _ = self.0.send(change());
        }
    }
}
