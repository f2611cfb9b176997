//! The changes of state as a stream.
//!
//! The last [`KEPT`](super::KEPT) changes of a name are kept for the listeners. A slower listener
//! loses the oldest ones, hears how many, and holds up nobody else.
//!
//! When the open time of a breaker is over, the next call makes the breaker half-open. If no call
//! comes, a listener makes that change, with a timer of its own and without letting a probe in. The
//! first to come, a call or a listener, makes the change and tells of it once. No breaker depends
//! on a listener.

use std::fmt;

use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::change::{Change, Message};
use super::named::NamedBreaker;
use crate::clock;

/// The changes of state of a breaker and of all its keys, from the moment of the subscription on:
/// [`Breaker::changes`](super::Breaker::changes) returns it.
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
    receiver: broadcast::Receiver<Message>,
    base: &'static NamedBreaker,
    /// The time at which the soonest open time that the listener knows of ends, in milliseconds.
    due: Option<u64>,
    /// The number of changes that were lost and not reported yet; kept here, so that a `next` that
    /// is dropped does not forget them.
    missed: u64,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("waiting", &self.receiver.len())
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

impl Changes {
    pub(super) fn of(base: &'static NamedBreaker) -> Self {
        // An open time that is over by now ends before the subscription: the change to half-open is
        // not among the changes from here on.
        base.expire_all(clock::now_ms);
        let receiver = base.channel().subscribe();
        Self {
            receiver,
            base,
            due: base.expire_all(clock::now_ms),
            missed: 0,
        }
    }

    /// Waits for the next change. The stream never ends, as a breaker lives as long as the process.
    ///
    /// At most [128](super::KEPT) changes are kept for a listener; a slower one loses the oldest,
    /// and [`Change::missed`] of the next change says how many. Changes by calls that ran at the
    /// same time may come in either order. Outside a tokio runtime there is no timer: there only
    /// the next call, or [`try_next`](Self::try_next), makes a breaker half-open whose open time is
    /// over.
    ///
    /// # Cancellation
    ///
    /// Cancel safe: a future that is dropped before it is ready has taken no change.
    ///
    /// # Panics
    ///
    /// Panics in a tokio runtime without the time driver, if the breaker is open.
    pub async fn next(&mut self) -> Change {
        loop {
            self.expire_due();
            let due = self.due.filter(|_| Handle::try_current().is_ok());
            match clock::or_at(self.receiver.recv(), due).await {
                Some(Ok(told)) => {
                    if let Some(change) = self.heard(told) {
                        return change;
                    }
                }
                Some(Err(RecvError::Lagged(n))) => self.lost(n),
                // The sender lives as long as the process.
                Some(Err(RecvError::Closed)) => std::future::pending().await,
                // An open time is over.
                None => {}
            }
        }
    }

    /// Returns the next change if there is one, without waiting.
    pub fn try_next(&mut self) -> Option<Change> {
        self.expire_due();
        loop {
            match self.receiver.try_recv() {
                Ok(told) => {
                    if let Some(change) = self.heard(told) {
                        return Some(change);
                    }
                }
                Err(TryRecvError::Lagged(n)) => self.lost(n),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// Makes half-open the breakers whose open time is over.
    fn expire_due(&mut self) {
        if self.due.is_some_and(|due| due <= clock::now_ms()) {
            self.due = self.base.expire_all(clock::now_ms);
        }
    }

    /// Notes lost changes. The start of an open time may be among them, so all breakers are looked
    /// at again.
    fn lost(&mut self, count: u64) {
        self.missed += count;
        self.due = Some(0);
    }

    /// Takes in a message, and returns the change in it with the number of those lost before.
    fn heard(&mut self, told: Message) -> Option<Change> {
        self.due = self.due.into_iter().chain(told.due).min();
        told.change.map(|change| Change {
            missed: std::mem::take(&mut self.missed),
            ..change
        })
    }
}
