//! A change of state, and the channel on which the changes of a name are sent.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::event::circuit_state::CircuitState;

/// The number of changes that are kept for a slow listener.
pub const KEPT: usize = 128;

/// One change of state of a breaker, as [`Changes`](super::Changes) returns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// The name of the breaker.
    pub name: &'static str,
    /// The key of the breaker; `None` for the breaker of the name itself.
    pub key: Option<Arc<str>>,
    /// The state that the breaker left.
    pub from: CircuitState,
    /// The state that the breaker entered.
    pub to: CircuitState,
    /// The number of changes directly before this one that this listener was too slow for, and has
    /// lost. 0 if it keeps up.
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

/// One message to the listeners.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The change; `None` if only the end of the open time has moved.
    pub(super) change: Option<Change>,
    /// The time at which the open time ends, in milliseconds, if the breaker is open.
    pub(super) due: Option<u64>,
}

/// The channel on which the changes of a name are sent.
#[derive(Debug)]
pub(crate) struct Channel(broadcast::Sender<Message>);

impl Channel {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Subscribes to the messages from here on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Message> {
        self.0.subscribe()
    }

    /// Sends a message. The change in it is made only if somebody listens.
    pub(super) fn send(&self, change: impl FnOnce() -> Option<Change>, due: Option<u64>) {
        if self.0.receiver_count() != 0 {
            let change = change();
            let _ = self.0.send(Message { change, due });
        }
    }
}
