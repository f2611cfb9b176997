//! A bulkhead's name and key, and the channel on which the changes of its limit are sent.

use std::sync::{Arc, OnceLock};

use tokio::sync::broadcast;

use crate::event::{self, Event};

/// The number of changes that are kept for a slow listener.
pub(super) const KEPT: usize = 128;

/// One change of the limit of a bulkhead, as [`BulkheadChanges`](super::BulkheadChanges) returns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BulkheadChange {
    /// The name of the bulkhead.
    pub name: &'static str,
    /// The key of the bulkhead; `None` for the bulkhead of the name itself.
    pub key: Option<Arc<str>>,
    /// The limit that was told last.
    pub from: u32,
    /// The limit now.
    pub to: u32,
    /// The number of changes directly before this one that this listener was too slow for, and has
    /// lost. 0 if it keeps up.
    pub missed: u64,
}

/// A name, and what all bulkheads under it share.
#[derive(Debug)]
pub(crate) struct Name {
    text: &'static str,
    /// Made when somebody first listens.
    changes: OnceLock<broadcast::Sender<BulkheadChange>>,
}

impl Name {
    const fn new(text: &'static str) -> Self {
        Self {
            text,
            changes: OnceLock::new(),
        }
    }

    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    /// Returns a reference to the text, for the small form of a refusal.
    pub(super) fn text_ref(&'static self) -> &'static &'static str {
        &self.text
    }

    /// Subscribes to the changes from here on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<BulkheadChange> {
        let sender = self.changes.get_or_init(|| broadcast::Sender::new(KEPT));
        sender.subscribe()
    }
}

/// Identifies a bulkhead: that of a name itself, or that of a key under it.
#[derive(Debug)]
pub(crate) struct Identity {
    name: &'static Name,
    key: Option<Arc<str>>,
}

impl Identity {
    /// Creates the identity of the bulkhead called `text`. A name lives as long as the process.
    pub(super) fn named(text: &'static str) -> Self {
        Self {
            name: Box::leak(Box::new(Name::new(text))),
            key: None,
        }
    }

    /// Creates the identity of the bulkhead of `key` under the same name.
    pub(super) fn keyed(&self, key: Arc<str>) -> Self {
        Self {
            name: self.name,
            key: Some(key),
        }
    }

    /// Returns the name with what its bulkheads share.
    pub(super) fn name(&self) -> &'static Name {
        self.name
    }

    pub(super) fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    /// Tells of a change of the limit. The stream hears of it first, so that a change that a listener
    /// makes in response comes after it there too.
    #[cold]
    pub(super) fn tell(&self, from: u32, to: u32) {
        let name = self.name;
        if let Some(changes) = name.changes.get()
            && changes.receiver_count() != 0
        {
            let _ = changes.send(BulkheadChange {
                name: name.text,
                key: self.key().cloned(),
                from,
                to,
                missed: 0,
            });
        }
        event::emit(|| Event::BulkheadLimitChanged {
            name: name.text,
            key: self.key().cloned(),
            from,
            to,
        });
    }
}
