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

/// An event, and the time at which it happened, in milliseconds.
type Letter = (u64, Event);

/// The events of a while, in their order.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    pub(crate) events: Vec<Letter>,
    /// The further changes of circuits, where all events are changes: the last one of each name and key, of
    /// at most [`ROOM`] of these.
    pub(crate) changes: Vec<Letter>,
    /// What the further events say of stores: the last one of each. A store may say once that it is away.
    pub(crate) stores: Vec<Letter>,
    /// The number of further events, for which there was no room: they are neither in `events` nor in
    /// `changes`.
    pub(crate) missed: u64,
}

impl Letters {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }

    /// Keeps an event for which there is no room, if it is one that must not be lost. Returns one that is
    /// dropped for it.
    fn put_further(&mut self, event: &Event) -> Option<Letter> {
        let letter = || (clock::now_ms(), event.clone());
        if is_change(event) {
            return self.put_change(letter());
        }
        self.missed += 1;
        let store = store_of(event)?;
        let mut known = self.stores.iter_mut();
        match known.find(|(_, of)| store_of(of) == Some(store)) {
            Some(known) => Some(std::mem::replace(known, letter())),
            None => self.put_store(letter()),
        }
    }

    /// Puts a change in the place of the last event that is none, or beside the others if all are changes.
    fn put_change(&mut self, letter: Letter) -> Option<Letter> {
        if let Some(last) = self.events.iter().rposition(|(_, of)| !is_change(of)) {
            self.missed += 1;
            let displaced = self.events.remove(last);
            self.events.push(letter);
            let store = store_of(&displaced.1);
            // What is known of the store beside is newer.
            let mut known = self.stores.iter();
            if store.is_none() || known.any(|(_, of)| store_of(of) == store) {
                return Some(displaced);
            }
            return self.put_store(displaced);
        }
        let circuit = circuit_of(&letter.1);
        let mut known = self.changes.iter();
        let older = match known.position(|(_, of)| circuit_of(of) == circuit) {
            None if self.changes.len() < ROOM => None,
            // A page shows the newest.
            older => Some(older.unwrap_or_default()),
        };
        let older = older.map(|at| self.changes.remove(at));
        self.missed += u64::from(older.is_some());
        self.changes.push(letter);
        older
    }

    /// Keeps what an event says of a store of which nothing is known beside.
    fn put_store(&mut self, letter: Letter) -> Option<Letter> {
        if self.stores.len() == STORES {
            return Some(letter);
        }
        self.stores.push(letter);
        None
    }
}

impl Mailbox {
    /// Puts an event in. If there is no room it is counted. A change of a circuit's state still takes the
    /// place of the last event that is none, as that is what pages are opened for, or is kept beside; and so
    /// is what an event says of a store.
    pub(crate) fn put(&self, event: &Event) {
        let mut letters = self.lock();
        let is_first = letters.is_empty();
        if letters.events.len() < ROOM {
            letters.events.push((clock::now_ms(), event.clone()));
        } else {
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

/// Returns the name and the key of the circuit that has changed.
fn circuit_of(event: &Event) -> Option<(&'static str, Option<&str>)> {
    match event {
        Event::CircuitChanged { name, key, .. } => Some((*name, key.as_deref())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the events of `name` that `happen` makes.
    fn events(name: &str, happen: impl FnOnce()) -> Vec<Event> {
        let (tell, told) = std::sync::mpsc::channel();
        let _heard = resil_runtime::event::subscribe(move |event| {
            let _ = tell.send(event.clone());
        });
        happen();
        let is_of = |event: &Event| {
            let circuit = circuit_of(event).map(|(name, _)| name);
            circuit.or(store_of(event).map(|(_, name)| name)) == Some(name)
                || matches!(event, Event::CircuitRefused { name: of, .. } if *of == name)
        };
        told.try_iter().filter(is_of).collect()
    }

    /// Returns a change of each of so many keys of the circuit `name`.
    fn changes(name: &'static str, keys: usize) -> Vec<Event> {
        let b = resil_runtime::breaker(name);
        events(name, || {
            for key in 0..keys {
                b.key(key.to_string()).force_open();
            }
        })
    }

    fn refusal(name: &'static str) -> Event {
        let b = resil_runtime::breaker(name);
        b.force_open();
        let mut refused = events(name, || drop(b.try_acquire()));
        refused.remove(0)
    }

    fn keys(letters: &[Letter]) -> Vec<String> {
        let key = |(_, event): &Letter| circuit_of(event)?.1.map(str::to_owned);
        letters.iter().filter_map(key).collect()
    }

    #[test]
    fn the_last_change_of_each_circuit_finds_a_place() {
        let mailbox = Mailbox::default();
        let put = |event: &Event| mailbox.put(event);
        let flaps = &changes("boxed-flaps", 1)[0];
        let others = changes("boxed-others", 2);
        for _ in 0..ROOM {
            put(flaps);
        }
        put(&others[0]);
        put(flaps);
        put(&others[1]);
        put(&others[0]);
        put(flaps);
        put(&refusal("boxed-refuses"));
        let letters = mailbox.take();
        assert_eq!(letters.events.len(), ROOM);
        assert_eq!(letters.changes.len(), 3);
        let told: Vec<&Event> = letters.changes.iter().map(|(_, of)| of).collect();
        assert_eq!(told, [&others[1], &others[0], flaps]);
        // Two that were told again, and the refusal.
        assert_eq!(letters.missed, 3);
    }

    #[test]
    fn the_number_of_changes_is_bounded() {
        let mailbox = Mailbox::default();
        let all = changes("boxed-many", 2 * ROOM + 9);
        for event in &all {
            mailbox.put(event);
        }
        let letters = mailbox.take();
        let expected: Vec<String> = (ROOM + 9..2 * ROOM + 9).map(|n| n.to_string()).collect();
        assert_eq!(keys(&letters.changes), expected);
        assert_eq!((letters.events.len(), letters.missed), (ROOM, 9));
    }

    #[cfg(feature = "idempotent")]
    #[tokio::test]
    async fn what_is_said_of_a_store_is_kept_when_a_change_takes_its_place() {
        use resil_runtime::Error;
        use resil_runtime::idempotency::IdempotentPolicy;

        let policy = IdempotentPolicy::new().name("boxed-store");
        let (tell, told) = std::sync::mpsc::channel();
        let _heard = resil_runtime::event::subscribe(move |event| {
            let _ = tell.send(event.clone());
        });
        for key in [1, 1, 2, 2] {
            let out = policy.run(&key, || async { Ok::<_, Error>(7) }).await;
            assert_eq!(out.unwrap(), 7);
        }
        let is_replay = |e: &Event| store_of(e) == Some(("idempotency", "boxed-store"));
        let replays: Vec<Event> = told.try_iter().filter(is_replay).collect();
        let [first, second] = replays.as_slice() else {
            panic!("{replays:?}")
        };
        let (refused, changed) = (refusal("boxed-away"), changes("boxed-changes", 1));

        // `then`: what is said of the store once the box is full.
        for (then, kept) in [(None, first), (Some(second), second)] {
            let mailbox = Mailbox::default();
            for _ in 1..ROOM {
                mailbox.put(&refused);
            }
            mailbox.put(first);
            if let Some(event) = then {
                mailbox.put(event);
            }
            mailbox.put(&changed[0]);
            let letters = mailbox.take();
            assert_eq!(keys(&letters.events), ["0"]);
            let stores: Vec<&Event> = letters.stores.iter().map(|(_, of)| of).collect();
            assert_eq!(stores, [kept]);
            assert_eq!(letters.missed, 1 + u64::from(then.is_some()));
        }
    }
}
