//! Who is after one key in this process: one of them asks the store, the others wait for their
//! turn, and share what it found.
//!
//! The turn is a permit that goes from hand to hand, first come, first served, also when its
//! holder is dropped. It saves work and decides nothing: who gets in without one, because its
//! holder shows no life, is told by the store.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::{self, Instant};
use crate::idempotency::store::{Fingerprint, Recorded};
use crate::idempotency::waiting::MAX_WAITERS;

type Hash = [u8; 32];

pub(in crate::idempotency) struct Flights(Arc<Mutex<HashMap<Hash, Flight>>>);

struct Flight {
    /// How many are after the key: gone with the last one.
    seats: usize,
    turn: Arc<Semaphore>,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    /// Until when the holder of the turn is to be believed alive.
    until: Instant,
    /// It runs the body.
    running: bool,
    /// What it found or recorded, with the fingerprint it came with, until when.
    done: Option<(Option<Fingerprint>, Recorded, Instant)>,
}

/// A place among those who are after one key.
pub(super) struct Seat {
    flights: Arc<Mutex<HashMap<Hash, Flight>>>,
    hash: Hash,
    turn: Arc<Semaphore>,
    shown: Arc<Mutex<Shown>>,
    mine: Option<OwnedSemaphorePermit>,
}

/// How the wait for the turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is ours, or its holder shows no life: ask the store.
    Ask,
    /// The caller's time is up.
    TimeUp,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flights {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// A seat; `None` if too many wait for that key.
    pub(super) fn enter(&self, hash: Hash, lease: Duration) -> Option<Seat> {
        let mut flights = lock(&self.0);
        let flight = flights.entry(hash).or_insert_with(|| Flight {
            seats: 0,
            turn: Arc::new(Semaphore::new(1)),
            shown: Arc::new(Mutex::new(Shown {
                until: clock::add(clock::now(), lease),
                running: false,
                done: None,
            })),
        });
        // The holder of the turn waits for nobody.
        if flight.seats > MAX_WAITERS {
            return None;
        }
        flight.seats += 1;
        Some(Seat {
            flights: Arc::clone(&self.0),
            hash,
            turn: Arc::clone(&flight.turn),
            shown: Arc::clone(&flight.shown),
            mine: None,
        })
    }

    /// What was found of the key is true no more.
    pub(super) fn forget(&self, hash: &Hash) {
        if let Some(flight) = lock(&self.0).get(hash) {
            lock(&flight.shown).done = None;
        }
    }

    #[cfg(test)]
    pub(in crate::idempotency) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Seat {
    /// Takes the turn if nobody has it.
    pub(super) fn try_turn(&mut self) -> bool {
        self.mine = Arc::clone(&self.turn).try_acquire_owned().ok();
        self.mine.is_some()
    }

    /// Waits for the turn, to `deadline` at most.
    pub(super) async fn wait_for_turn(&mut self, deadline: Option<Instant>) -> Turn {
        let mut turn = pin!(Arc::clone(&self.turn).acquire_owned());
        loop {
            let until = lock(&self.shown).until;
            let wake = deadline.map_or(until, |at| at.min(until));
            if let Some(mine) = within(wake, turn.as_mut()).await {
                self.mine = mine.ok();
                return Turn::Ask;
            }
            let now = clock::now();
            if deadline.is_some_and(|at| at <= now) {
                return Turn::TimeUp;
            }
            if lock(&self.shown).until <= now {
                return Turn::Ask;
            }
        }
    }

    /// Says until when the others may believe that this one is alive.
    pub(super) fn alive(&self, until: Instant, running: bool) {
        let mut shown = lock(&self.shown);
        shown.until = until;
        shown.running |= running;
    }

    /// Until when an owner in this process holds the key, if one does.
    pub(super) fn running(&self) -> Option<Instant> {
        let shown = lock(&self.shown);
        (shown.running && shown.until > clock::now()).then_some(shown.until)
    }

    /// What another one has found, and the fingerprint that it came with.
    pub(super) fn found(&self) -> Option<(Option<Fingerprint>, Recorded)> {
        let now = clock::now();
        let shown = lock(&self.shown);
        let (fingerprint, recorded, until) = shown.done.as_ref()?;
        (*until > now).then(|| (*fingerprint, recorded.clone()))
    }

    /// Shares what was recorded with those who wait.
    pub(super) fn share(&self, by: Option<Fingerprint>, recorded: Recorded, until: Instant) {
        lock(&self.shown).done = Some((by, recorded, until));
    }

    /// The body is not running any more.
    pub(super) fn stopped(&self) {
        lock(&self.shown).running = false;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // The next one first, so that it finds the flight as it was.
        drop(self.mine.take());
        let mut flights = lock(&self.flights);
        if let Entry::Occupied(mut entry) = flights.entry(self.hash) {
            entry.get_mut().seats -= 1;
            if entry.get().seats == 0 {
                entry.remove();
            }
        }
    }
}

/// The output of `future`, if it comes before `at`; ready when the time is up counts.
pub(in crate::idempotency) async fn within<F: Future>(at: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer: Option<Pin<Box<clock::Sleep>>> = None;
    poll_fn(move |cx| {
        if let Poll::Ready(out) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(out));
        }
        let timer = timer.get_or_insert_with(|| Box::pin(clock::sleep_until(at)));
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}
