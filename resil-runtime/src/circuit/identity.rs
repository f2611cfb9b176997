//! Who a breaker is: one by its name, or that of one key under a name. What all keys of a name share
//! is kept by the one of the name: the keys themselves, and those who listen.

use std::sync::{Arc, OnceLock};

use super::CircuitState;
use super::changes::{Change, Channel};
use super::keys::Keys;
use super::machine::{Clock, Core};
use super::nesting::{Caller, Told};
use crate::event::{self, Event};

/// See the module.
#[derive(Debug)]
pub(crate) enum Identity {
    /// The one of a name.
    Named {
        name: &'static str,
        /// Made when a key is first asked for.
        keys: OnceLock<Box<Keys>>,
        /// Made when somebody first listens.
        changes: OnceLock<Channel>,
        /// Of calls by hand, its keys' included.
        told: Told,
    },
    /// That of a key.
    Keyed { base: &'static Core, key: Arc<str> },
}

impl Identity {
    pub(super) const fn named(name: &'static str) -> Self {
        Self::Named {
            name,
            keys: OnceLock::new(),
            changes: OnceLock::new(),
            told: Told::new(),
        }
    }

    /// Who calls by hand.
    fn by_hand(&self) -> Caller<'_> {
        match self {
            Self::Named { told, .. } => Caller {
                function: None,
                told,
            },
            Self::Keyed { base, .. } => base.identity.by_hand(),
        }
    }

    /// Those who listen to the name, if there were ever any.
    fn channel(&self) -> Option<&Channel> {
        match self {
            Self::Named { changes, .. } => changes.get(),
            Self::Keyed { base, .. } => base.identity.channel(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Named { name, .. } => name,
            Self::Keyed { base, .. } => base.identity.name(),
        }
    }

    fn key(&self) -> Option<&Arc<str>> {
        match self {
            Self::Named { .. } => None,
            Self::Keyed { key, .. } => Some(key),
        }
    }

    /// A change of state: to the streams first, so that what a listener does about it comes after it
    /// there too. `due` is when an opening ends, in ms.
    #[cold]
    pub(super) fn tell(&self, from: CircuitState, to: CircuitState, due: Option<u64>) {
        if let Some(channel) = self.channel() {
            let change = || Change::new(self.name(), self.key().cloned(), from, to);
            channel.send(|| Some(change()), due);
        }
        event::emit(|| Event::CircuitChanged {
            name: self.name(),
            key: self.key().cloned(),
            from,
            to,
        });
    }
}

impl Identity {
    /// An opening ends at another time, in ms: told to the streams alone.
    #[cold]
    pub(super) fn tell_due(&self, due: u64) {
        if let Some(channel) = self.channel() {
            channel.send(|| None, Some(due));
        }
    }
}

impl Core {
    /// The name, which all its keys share.
    pub(crate) fn name(&self) -> &'static str {
        self.identity.name()
    }

    /// The key, where it is one of many.
    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        self.identity.key()
    }

    /// Who calls it by hand.
    pub(super) fn by_hand(&self) -> Caller<'_> {
        self.identity.by_hand()
    }

    /// Where the name stands, for the small form of a refusal.
    #[inline]
    pub(crate) fn name_ref(&'static self) -> &'static &'static str {
        match &self.identity {
            Identity::Named { name, .. } => name,
            Identity::Keyed { base, .. } => base.name_ref(),
        }
    }

    /// The breakers of its keys, if it has any.
    pub(crate) fn known_keys(&self) -> Option<&Keys> {
        match &self.identity {
            Identity::Named { keys, .. } => keys.get().map(Box::as_ref),
            Identity::Keyed { .. } => None,
        }
    }

    /// The breakers of its keys; a key has none, and is asked for none.
    pub(crate) fn keys(&'static self) -> &'static Keys {
        match &self.identity {
            Identity::Named { keys, .. } => keys.get_or_init(|| Box::new(Keys::new(self))),
            Identity::Keyed { base, .. } => base.keys(),
        }
    }

    /// Where its changes of state, and those of its keys, are told.
    pub(crate) fn changes(&'static self) -> &'static Channel {
        match &self.identity {
            Identity::Named { changes, .. } => changes.get_or_init(Channel::new),
            Identity::Keyed { base, .. } => base.changes(),
        }
    }

    /// Makes it and those of its keys half-open whose time is up; gives the time in ms at which that
    /// of the next one is.
    pub(super) fn expire_all(&self, clock: Clock) -> Option<u64> {
        let keyed = self.known_keys().and_then(|keys| keys.expire(clock));
        self.expire(clock).into_iter().chain(keyed).min()
    }

    /// Tells that a call was refused.
    pub(super) fn tell_refused(&self) {
        event::emit(|| Event::CircuitRefused {
            name: self.name(),
            key: self.key().cloned(),
        });
    }
}
