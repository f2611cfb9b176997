//! Events on their way from the tasks that they happen in to the thread that shows them.
//!
//! A listener runs in the task of the user's call, so it only puts a copy of the event here. The mailbox
//! is bounded: in a storm of events most are counted and not kept.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil_runtime::clock;
use resil_runtime::event::Event;

use crate::health::{STORES, store_of};

/// The number of events that are kept until the thread takes them: no page shows more at once.
pub(crate) const ROOM: usize = 256;

/// The events that no frame has told yet.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    letters: Mutex<Letters>,
    came: Condvar,
}

/// The events of a while, in their order.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    /// Each with the time at which it happened, in milliseconds.
    pub(crate) events: Vec<(u64, Event)>,
    /// What the further events say of stores: the last one of each. A store may say once that it is away.
    pub(crate) stores: Vec<(u64, Event)>,
    /// The number of further events, for which there was no room.
    pub(crate) missed: u64,
}

impl Letters {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }

    /// Keeps an event for which there is no room, if it is one that must not be lost. Returns the one whose
    /// place it takes.
    fn put_further(&mut self, event: &Event) -> Option<(u64, Event)> {
        let letter = || (clock::now_ms(), event.clone());
        if is_change(event) {
            let last = self.events.iter().rposition(|(_, of)| !is_change(of))?;
            let last = self.events.remove(last);
            self.events.push(letter());
            return Some(last);
        }
        let store = store_of(event)?;
        let mut known = self.stores.iter_mut();
        if let Some(known) = known.find(|(_, of)| store_of(of) == Some(store)) {
            return Some(std::mem::replace(known, letter()));
        }
        if self.stores.len() < STORES {
            self.stores.push(letter());
        }
        None
    }
}

impl Mailbox {
    /// Puts an event in. If there is no room it is counted. A change of a circuit's state still takes the
    /// place of the last event that is none, as that is what pages are opened for, and what an event says of
    /// a store is kept beside.
    pub(crate) fn put(&self, event: &Event) {
        let mut letters = self.lock();
        let is_first = letters.is_empty();
        if letters.events.len() < ROOM {
            letters.events.push((clock::now_ms(), event.clone()));
        } else {
            letters.missed += 1;
            let dropped = letters.put_further(event);
            drop(letters);
            drop(dropped);
            return;
        }
        drop(letters);
        if is_first {
            self.came.notify_one();
        }
    }

    /// Takes all events out.
    pub(crate) fn take(&self) -> Letters {
        std::mem::take(&mut *self.lock())
    }

    /// Blocks the thread until there is an event, at most for `longest`. Returns whether there is one.
    pub(crate) fn wait(&self, longest: Duration) -> bool {
        let waited = self
            .came
            .wait_timeout_while(self.lock(), longest, |letters| letters.is_empty());
        let (letters, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !letters.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_change(event: &Event) -> bool {
    matches!(event, Event::CircuitChanged { .. })
}
