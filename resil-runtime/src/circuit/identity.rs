//! A breaker's name and key.
//!
//! A name has one breaker of its own, and one for each key under it. What they share is kept with
//! the name: the channel on which changes are sent, and whose manual calls were reported.

use std::sync::{Arc, OnceLock};

use super::callers::{Caller, Reported};
use super::change::{Change, Channel};
use super::recording;
use crate::event::circuit_state::CircuitState;
use crate::event::{self, Event};

/// The key of the breaker that new keys share when all places are taken, and the name of the one
/// that manually made names beyond the bound share.
pub const OVERFLOW: &str = "(overflow)";

/// A name, and what all breakers under it share.
#[derive(Debug)]
pub(crate) struct Name {
    text: &'static str,
    /// Made when somebody first listens.
    changes: OnceLock<Channel>,
    /// Where manual calls entered a breaker again, those of keys included.
    reported: Reported,
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            changes: OnceLock::new(),
            reported: Reported::new(),
        }
    }

    pub(super) fn text(&self) -> &'static str {
        self.text
    }

    /// Returns a reference to the text, for the small form of a refusal.
    #[inline]
    pub(super) fn text_ref(&'static self) -> &'static &'static str {
        &self.text
    }

    /// Returns the channel on which the changes are sent, made if there is none.
    pub(super) fn channel(&self) -> &Channel {
        self.changes.get_or_init(Channel::new)
    }

    /// Returns who calls a breaker of this name manually.
    pub(super) fn manual_caller(&self) -> Caller<'_> {
        Caller {
            function: None,
            reported: &self.reported,
        }
    }
}

/// Which breaker it is: the one of a name itself, or the one of a key under it.
#[derive(Debug)]
pub(crate) enum Identity {
    /// The breaker of a name.
    Named(Name),
    /// The breaker of a key.
    Keyed { name: &'static Name, key: Arc<str> },
}

impl Identity {
    pub(super) fn name(&self) -> &Name {
        match self {
            Self::Named(name) => name,
            Self::Keyed { name, .. } => name,
        }
    }

    pub(super) fn key(&self) -> Option<&Arc<str>> {
        match self {
            Self::Named(_) => None,
            Self::Keyed { key, .. } => Some(key),
        }
    }

    /// Tells of a change of state: to the channel first, so that a change that a listener makes in
    /// response comes after it there too. `due` is when an opening ends, in milliseconds.
    #[cold]
    pub(super) fn tell(&self, from: CircuitState, to: CircuitState, due: Option<u64>) {
        let name = self.name();
        if let Some(channel) = name.changes.get() {
            let change = || Change::new(name.text, self.key().cloned(), from, to);
            channel.send(|| Some(change()), due);
        }
        event::emit(|| Event::CircuitChanged {
            name: name.text,
            key: self.key().cloned(),
            from,
            to,
            call: recording::recorded(),
        });
    }

    /// Tells the channel, and nobody else, that the open time ends at another time, in
    /// milliseconds.
    #[cold]
    pub(super) fn tell_due(&self, due: u64) {
        if let Some(channel) = self.name().changes.get() {
            channel.send(|| None, Some(due));
        }
    }
}
