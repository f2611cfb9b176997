//! A breaker's name and key.
//!
//! A name has one breaker of its own, and one for each key under it. The name keeps what these
//! breakers share: the channel on which changes are sent, and the functions under which manual
//! calls were reported.

#[cfg(all(feature = "control", not(loom)))]
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use super::callers::{Caller, Reported};
use super::change::{Change, Channel};
use super::recording;
#[cfg(all(feature = "control", not(loom)))]
use super::word::State;
use crate::event::circuit_state::CircuitState;
use crate::event::{self, Event};

/// A name, and what all breakers under it share.
#[derive(Debug)]
pub(crate) struct Name {
    text: &'static str,
    /// Made when somebody first listens.
    changes: OnceLock<Channel>,
    /// The functions under which manual calls were reported to enter a breaker again, that of the
    /// name or one of its keys.
    reported: Reported,
    /// What was done manually to all breakers of the name: a [`Forced`].
    #[cfg(all(feature = "control", not(loom)))]
    forced: AtomicU8,
}

/// What was done manually to all breakers of a name, with which those of keys that come later begin.
#[cfg(all(feature = "control", not(loom)))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Forced {
    /// Nothing, or it was taken back.
    No,
    /// They were forced open.
    Open,
    /// They were disabled.
    Disabled,
}

#[cfg(all(feature = "control", not(loom)))]
impl Forced {
    /// Returns the state of a breaker that it is done to.
    pub(super) fn state(self) -> Option<State> {
        match self {
            Self::No => None,
            Self::Open => Some(State::ForcedOpen),
            Self::Disabled => Some(State::Disabled),
        }
    }
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            changes: OnceLock::new(),
            reported: Reported::new(),
            #[cfg(all(feature = "control", not(loom)))]
            forced: AtomicU8::new(Forced::No as u8),
        }
    }

    /// Notes what is done manually to all breakers of the name, before it is.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) fn force(&self, forced: Forced) {
        self.forced.store(forced as u8, Ordering::Release);
    }

    /// Returns what was done manually to all breakers of the name.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn forced(&self) -> Forced {
        match self.forced.load(Ordering::Acquire) {
            n if n == Forced::Open as u8 => Forced::Open,
            n if n == Forced::Disabled as u8 => Forced::Disabled,
            _ => Forced::No,
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

    /// Returns the channel on which the changes are sent, and makes it if there is none.
    pub(super) fn channel(&self) -> &Channel {
        self.changes.get_or_init(Channel::new)
    }

    /// Returns the caller that stands for all manual calls of breakers of this name.
    pub(super) fn manual_caller(&self) -> Caller<'_> {
        Caller {
            function: None,
            reported: &self.reported,
        }
    }
}

/// Identifies a breaker: the breaker of a name itself, or the breaker of a key under it.
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

    /// Tells of a change of state. The channel hears of it first, so that a change that a listener
    /// makes in response comes after it there too. `due` is the time at which the open time ends,
    /// in milliseconds.
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

    /// Tells the channel alone that the open time now ends at `due`, in milliseconds.
    #[cold]
    pub(super) fn tell_due(&self, due: u64) {
        if let Some(channel) = self.name().changes.get() {
            channel.send(|| None, Some(due));
        }
    }
}
