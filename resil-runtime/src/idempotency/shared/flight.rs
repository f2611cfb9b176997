//! Who is after one key in this process: one of them asks the store, the others wait for their
//! turn, and share what it found.
//!
//! First come, first served, and the turn is taken, never given: by a caller that is being polled,
//! so that one whose task sees to other things holds up nobody. It saves work and decides nothing:
//! who takes the turn from a holder that shows no life is told by the store who has the key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{self, Instant};
use crate::idempotency::store::{Fingerprint, Recorded};
use crate::idempotency::waiting::{HEAD_START, Look, MAX_WAITERS, Place, Queue, wake};

/// How long one that asks the store has the turn to itself, from when it last asked: it may have
/// stopped asking, and hold nothing. A second one that asks meanwhile does no harm.
const ASKING: Duration = Duration::from_secs(5);

type Hash = [u8; 32];

pub(in crate::idempotency) struct Flights(Arc<Mutex<HashMap<Hash, Flight>>>);

struct Flight {
    /// How many are after the key: gone with the last one.
    seats: usize,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    /// Of the seats.
    last: u64,
    /// Whose turn it is.
    holder: Option<u64>,
    /// Until when the holder of the turn is to be believed alive.
    until: Instant,
    /// It runs the body.
    running: bool,
    /// What was found or recorded, with the fingerprint it came with, until when.
    done: Option<(Option<Fingerprint>, Recorded, Instant)>,
    queue: Queue,
}

/// A place among those who are after one key.
pub(super) struct Seat {
    flights: Arc<Mutex<HashMap<Hash, Flight>>>,
    hash: Hash,
    shown: Arc<Mutex<Shown>>,
    number: u64,
    lease: Duration,
}

/// How the wait for the turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is ours, or another one has found what we ask for.
    Ours,
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
            shown: Arc::new(Mutex::new(Shown {
                last: 0,
                holder: None,
                until: clock::now(),
                running: false,
                done: None,
                queue: Queue::default(),
            })),
        });
        // The holder of the turn waits for nobody.
        if flight.seats > MAX_WAITERS {
            return None;
        }
        flight.seats += 1;
        let mut shown = lock(&flight.shown);
        shown.last += 1;
        Some(Seat {
            flights: Arc::clone(&self.0),
            hash,
            shown: Arc::clone(&flight.shown),
            number: shown.last,
            lease,
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

impl Shown {
    fn found(&self, now: Instant) -> Option<(Option<Fingerprint>, Recorded)> {
        let (fingerprint, recorded, until) = self.done.as_ref()?;
        (*until > now).then(|| (*fingerprint, recorded.clone()))
    }
}

impl Seat {
    /// Takes the turn if nobody has it, and nobody waits for it.
    pub(super) fn try_turn(&mut self) -> bool {
        let mut shown = lock(&self.shown);
        let free = shown.holder.is_none() && shown.queue.len() == 0;
        if free {
            self.take(&mut shown, clock::now());
        }
        free
    }

    fn take(&self, shown: &mut Shown, now: Instant) {
        shown.holder = Some(self.number);
        shown.running = false;
        shown.until = clock::add(now, self.lease.min(ASKING));
    }

    /// Waits for the turn, to `deadline` at most.
    pub(super) async fn wait_for_turn(&mut self, deadline: Option<Instant>) -> Turn {
        let mut wait = Wait {
            place: lock(&self.shown).queue.enter(),
            seat: self,
            timer: None,
        };
        poll_fn(|cx| wait.poll(deadline, cx)).await
    }

    /// It asks the store, at `sent`.
    pub(super) fn asks(&self, sent: Instant) {
        let mut shown = lock(&self.shown);
        if shown.holder == Some(self.number) {
            self.take(&mut shown, sent);
        }
    }

    /// It has the key, to `until` at least, and with it the turn: the store says so.
    pub(super) fn runs(&self, until: Instant) {
        let mut shown = lock(&self.shown);
        shown.holder = Some(self.number);
        shown.running = true;
        shown.until = until;
    }

    /// Until when an owner in this process holds the key, if one does.
    pub(super) fn running(&self) -> Option<Instant> {
        let shown = lock(&self.shown);
        (shown.running && shown.until > clock::now()).then_some(shown.until)
    }

    /// What another one has found, and the fingerprint that it came with.
    pub(super) fn found(&self) -> Option<(Option<Fingerprint>, Recorded)> {
        lock(&self.shown).found(clock::now())
    }

    /// Shares what was recorded with those who wait.
    pub(super) fn share(&self, by: Option<Fingerprint>, recorded: Recorded, until: Instant) {
        let called = {
            let mut shown = lock(&self.shown);
            shown.done = Some((by, recorded, until));
            shown.queue.call_all()
        };
        wake(called);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // The next one first, so that it finds the flight as it was.
        let called = {
            let mut shown = lock(&self.shown);
            if shown.holder == Some(self.number) {
                shown.holder = None;
                shown.running = false;
                shown.queue.call_next()
            } else {
                Vec::new()
            }
        };
        wake(called);
        let mut flights = lock(&self.flights);
        if let Entry::Occupied(mut entry) = flights.entry(self.hash) {
            entry.get_mut().seats -= 1;
            if entry.get().seats == 0 {
                entry.remove();
            }
        }
    }
}

/// The wait of one seat for its turn.
struct Wait<'s> {
    seat: &'s Seat,
    place: Place,
    timer: Option<Pin<Box<clock::Sleep>>>,
}

impl Wait<'_> {
    fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            let timer = self.timer.as_mut();
            let late = timer.is_some_and(|t| t.as_mut().poll(cx).is_ready());
            let now = clock::now();
            let Some(at) = self.look(late, now, cx) else {
                return Poll::Ready(Turn::Ours);
            };
            if deadline.is_some_and(|at| at <= now) {
                return Poll::Ready(Turn::TimeUp);
            }
            let at = deadline.map_or(at, |deadline| at.min(deadline));
            match &mut self.timer {
                Some(timer) if timer.deadline() == at => return Poll::Pending,
                Some(timer) => timer.as_mut().reset(at),
                None => self.timer = Some(Box::pin(clock::sleep_until(at))),
            }
        }
    }

    /// When to look again; `None` if there is nothing more to wait for.
    fn look(&mut self, late: bool, now: Instant, cx: &Context<'_>) -> Option<Instant> {
        // Cloned before and dropped after the lock: wakers are somebody's code.
        let mut waker = Some(cx.waker().clone());
        let mut shown = lock(&self.seat.shown);
        let look = shown.queue.look(&mut self.place, &mut waker);
        if shown.found(now).is_some() {
            self.place.serve();
            return None;
        }
        let soon = clock::add(now, HEAD_START);
        if late || look == Look::Now {
            shown.queue.asks(&mut self.place);
            if shown.holder.is_none() || shown.until <= now {
                self.seat.take(&mut shown, now);
                self.place.serve();
                return None;
            }
            self.place.go_on();
            return Some(shown.until);
        }
        Some(match (&self.timer, look) {
            (Some(timer), Look::Soon) => timer.deadline().min(soon),
            (Some(timer), _) => timer.deadline(),
            // Who comes while the turn goes from one to the next stands behind those who wait.
            (None, _) if shown.holder.is_none() => soon,
            (None, _) => shown.until,
        })
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let (next, _waker) = {
            let mut shown = lock(&self.seat.shown);
            shown.queue.leave(&self.place)
        };
        wake(next);
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
