//! The calls that wait for a place, first come, first served.
//!
//! A call that waits is in one of three sets. It is *waiting* for its turn. Its turn came, and a place
//! was *handed* to it, which counts as taken until the call is polled and goes in. Or it is *absent*:
//! it was not polled within [`PATIENCE`] after its turn had come, and the next one took its place over.
//! Once it is polled again, it waits at the front, as its number is lower than those of all who came
//! later.
//!
//! The queue is kept behind a lock. Wakers run foreign code, so they are handed out, and woken and
//! dropped with nothing locked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::task::Waker;

use crate::sync::broken;

/// The time for which a place that was handed to a call is kept for it while it is not polled, in
/// nanoseconds.
const PATIENCE: u64 = 10_000_000;

/// The end of a wait that has none.
pub(super) const NEVER: u64 = u64::MAX;

/// The calls that wait for a place, by number.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<u64, Waiting>,
    /// The calls to which a place was handed, each with the time of it in nanoseconds.
    handed: BTreeMap<u64, u64>,
    /// The same, oldest first. Those that have gone in are still in it, until they are at the front.
    by_age: VecDeque<(u64, u64)>,
    absent: BTreeSet<u64>,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    /// Taken out to be woken, and put back with the next poll.
    waker: Option<Waker>,
    /// The time at which it stops waiting, in nanoseconds.
    until: Option<u64>,
    /// Whether it looks after the places that were handed to others, or was woken to do so.
    watches: bool,
}

/// The wakers to wake, and those to drop, once the lock is released.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    to_wake: Vec<Waker>,
    to_drop: Vec<Waker>,
}

impl Wakers {
    /// Drops the waker once the lock is released.
    pub(super) fn drop_later(&mut self, waker: Waker) {
        self.to_drop.push(waker);
    }

    /// Wakes and drops them. To be called with nothing locked.
    pub(super) fn run(self) {
        for waker in self.to_wake {
            waker.wake();
        }
        drop(self.to_drop);
    }
}

impl Queue {
    /// Returns the number of calls that wait, those that are absent included.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.absent.len()
    }

    /// Whether no call waits that would go in if its turn came.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether no call is in any of the sets.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.handed.is_empty() && self.absent.is_empty()
    }

    /// Adds a call at the end, and returns its number.
    pub(super) fn push(&mut self, waker: Waker, until: Option<u64>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.insert(number, Some(waker), until);
        number
    }

    fn insert(&mut self, number: u64, waker: Option<Waker>, until: Option<u64>) {
        let waiting = Waiting {
            waker,
            until,
            watches: false,
        };
        self.waiting.insert(number, waiting);
    }

    /// Lets an absent call wait again, without a waker yet. Its number puts it at the front. Returns
    /// false if it was not absent.
    pub(super) fn come_back(&mut self, number: u64, until: Option<u64>) -> bool {
        let was_absent = self.absent.remove(&number);
        if was_absent {
            self.insert(number, None, until);
        }
        was_absent
    }

    /// Returns the time at which the first call stops waiting, [`NEVER`] if it does not stop. `None` if
    /// nobody waits.
    pub(super) fn first_until(&self) -> Option<u64> {
        let first = self.waiting.values().next();
        first.map(|first| first.until.unwrap_or(NEVER))
    }

    /// Hands a place that was taken for it to the first call, at the time `now`.
    pub(super) fn hand_to_first(&mut self, now: u64, wakers: &mut Wakers) {
        if let Some((number, first)) = self.waiting.pop_first() {
            self.handed.insert(number, now);
            self.by_age.push_back((now, number));
            wakers.to_wake.extend(first.waker);
        }
    }

    /// Takes out the first call, whose time to wait is over: it is woken to find that out.
    pub(super) fn expire_first(&mut self, wakers: &mut Wakers) {
        if let Some((_, first)) = self.waiting.pop_first() {
            wakers.to_wake.extend(first.waker);
        }
    }

    /// Wakes the first call if a place was handed to another one and nobody looks after it yet.
    pub(super) fn let_first_watch(&mut self, wakers: &mut Wakers) {
        if self.handed.is_empty() || broken("bulkhead_watch") {
            return;
        }
        if let Some(mut first) = self.waiting.first_entry()
            && !first.get().watches
        {
            let first = first.get_mut();
            first.watches = true;
            wakers.to_wake.extend(first.waker.take());
        }
    }

    /// Takes the place that was handed to the call, if one was.
    pub(super) fn claim(&mut self, number: u64) -> bool {
        self.handed.remove(&number).is_some()
    }

    /// Takes over, for the first call in the queue, the place that was handed over longest ago. The
    /// call that it was kept for is absent from here on.
    pub(super) fn take_over(&mut self, number: u64, wakers: &mut Wakers) -> bool {
        let Some(&(_, other)) = self.oldest() else {
            return false;
        };
        if !broken("bulkhead_take_over") {
            self.handed.remove(&other);
        }
        self.by_age.pop_front();
        self.absent.insert(other);
        self.remove_waiting(number, wakers);
        true
    }

    /// Returns the place that was handed over first of those that were not taken yet.
    fn oldest(&mut self) -> Option<&(u64, u64)> {
        while let Some((at, number)) = self.by_age.front() {
            if self.handed.get(number) == Some(at) {
                break;
            }
            self.by_age.pop_front();
        }
        self.by_age.front()
    }

    /// Whether the call waits for its turn.
    pub(super) fn waits(&self, number: u64) -> bool {
        self.waiting.contains_key(&number)
    }

    /// Notes that the call waits on, to be woken by `waker`. Returns the time at which it has to look
    /// after the places that were handed to others, if it is the first and there are any.
    pub(super) fn wait_on(
        &mut self,
        number: u64,
        waker: Waker,
        wakers: &mut Wakers,
    ) -> Option<u64> {
        let is_first = self.waiting.first_key_value().map(|(first, _)| *first) == Some(number);
        let oldest = if is_first { self.oldest() } else { None };
        let look_at = oldest.map(|(at, _)| at.saturating_add(PATIENCE));
        if let Some(waiting) = self.waiting.get_mut(&number) {
            wakers.to_drop.extend(waiting.waker.replace(waker));
            waiting.watches = look_at.is_some();
        }
        look_at
    }

    /// Takes the call out of the queue. Returns true if a place was handed to it, which now is free.
    pub(super) fn leave(&mut self, number: u64, wakers: &mut Wakers) -> bool {
        if self.remove_waiting(number, wakers) || self.absent.remove(&number) {
            return false;
        }
        self.claim(number)
    }

    fn remove_waiting(&mut self, number: u64, wakers: &mut Wakers) -> bool {
        let waiting = self.waiting.remove(&number);
        let was_waiting = waiting.is_some();
        wakers.to_drop.extend(waiting.and_then(|w| w.waker));
        was_waiting
    }
}
