//! Events on their way from the tasks that they happen in to the thread that shows them.
//!
//! A listener runs in the task of the user's call, so it only puts a copy of the event here. The mailbox
//! is bounded: in a storm of events most are counted and not kept.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil_runtime::clock;
use resil_runtime::event::Event;

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
    /// The number of further events, for which there was no room.
    pub(crate) missed: u64,
}

impl Letters {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }
}

impl Mailbox {
    /// Puts an event in. If there is no room it is counted, but a change of a circuit's state still takes
    /// the place of the last one: that is what pages are opened for.
    pub(crate) fn put(&self, event: &Event) {
        let mut letters = self.lock();
        let is_first = letters.is_empty();
        if letters.events.len() < ROOM {
            letters.events.push((clock::now_ms(), event.clone()));
        } else {
            letters.missed += 1;
            if matches!(event, Event::CircuitChanged { .. }) {
                let last = letters.events.pop();
                letters.events.push((clock::now_ms(), event.clone()));
                drop(letters);
                drop(last);
                return;
            }
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
