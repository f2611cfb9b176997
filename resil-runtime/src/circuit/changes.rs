//! The changes of state as a stream. The last [`KEPT`] of a name are kept for those who listen: who
//! is slower than that loses the oldest ones, is told how many, and holds up nobody else.
//!
//! That an open breaker's time is up is a change which nobody makes as long as no call comes. So a
//! listener makes it, with a timer of its own: it does to the breaker what the next call would have
//! done, but for the probe. Whoever comes first makes the change and tells it to all; nobody depends
//! on a listener, and it is not told twice.

use std::fmt;

use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::change::{Change, Message};
use super::named::NamedBreaker;
use crate::clock;

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
    receiver: broadcast::Receiver<Message>,
    base: &'static NamedBreaker,
    /// When the time of an opening is up, in ms: of the soonest that it knows of.
    due: Option<u64>,
    /// Lost, and not told yet: kept here, so that a `next` that is dropped does not forget it.
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
        // What has changed by now is none of the changes from here on.
        base.expire_all(clock::now_ms);
        let receiver = base.channel().subscribe();
        Self {
            receiver,
            base,
            due: base.expire_all(clock::now_ms),
            missed: 0,
        }
    }

    /// The next change. It never ends: a breaker lives as long as the process.
    ///
    /// At most [128](KEPT) wait for a listener; a slower one loses the oldest, as
    /// [`Change::missed`] of the next one says. Changes by calls that ran at the very same time may
    /// come in either order. Outside a tokio runtime there is no timer: there it is the next call, or
    /// [`try_next`](Self::try_next), that makes a breaker half-open whose time is up.
    ///
    /// Cancel safe: a call that is dropped has taken nothing.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without the time driver, while the breaker is open.
    pub async fn next(&mut self) -> Change {
        loop {
            self.look();
            let due = self.due.filter(|_| Handle::try_current().is_ok());
            match clock::or_at(self.receiver.recv(), due).await {
                Some(Ok(told)) => {
                    if let Some(change) = self.heard(told) {
                        return change;
                    }
                }
                Some(Err(RecvError::Lagged(n))) => self.lost(n),
                // The sender is as old as the process.
                Some(Err(RecvError::Closed)) => std::future::pending().await,
                // The time has come.
                None => {}
            }
        }
    }

    /// The next change, if one is there.
    pub fn try_next(&mut self) -> Option<Change> {
        self.look();
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

    /// Makes those half-open whose time is up, if there are any.
    fn look(&mut self) {
        if self.due.is_some_and(|due| due <= clock::now_ms()) {
            self.due = self.base.expire_all(clock::now_ms);
        }
    }

    /// An opening may be among what was lost: all are looked at again.
    fn lost(&mut self, count: u64) {
        self.missed += count;
        self.due = Some(0);
    }

    fn heard(&mut self, told: Message) -> Option<Change> {
        self.due = self.due.into_iter().chain(told.due).min();
        told.change.map(|change| Change {
            missed: std::mem::take(&mut self.missed),
            ..change
        })
    }
}
