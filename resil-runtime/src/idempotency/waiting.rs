//! Who waits for whom in this process: callers whose key another one runs for. The queue of one key
//! serves the shared stores too, where its callers wait for the turn to ask.
//!
//! A waiter takes a seat *before* it asks the store once more: an owner that ends after that
//! answer finds it seated. Being called is a hint, never a promise: who is called asks the store
//! again, and who leaves after having been called hands the call on.
//!
//! Where one of them alone can have the key, the first is called, and the others are told to look a
//! little later: the first may sit in a task that does not come to poll it. Each of the others is
//! woken once and asks the store once in a [`HEAD_START`], however often the key changes hands.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::key::Key;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering::SeqCst, broken};

/// Most waiters of one key.
pub(super) const MAX_WAITERS: usize = 1_024;

/// How long the first one of those who wait has the key to itself once it is free.
pub(super) const HEAD_START: Duration = Duration::from_millis(10);

/// Those who wait for one key, by number: first come, first served. Behind the lock of whoever has
/// it; wakers are somebody's code, and are woken and dropped with nothing locked.
#[derive(Default)]
pub(super) struct Queue {
    seats: BTreeMap<u64, Seat>,
    next: u64,
}

#[derive(Default)]
struct Seat {
    /// Taken out by the call; put back when the waiter has looked and goes on waiting.
    waker: Option<Waker>,
    called: bool,
    /// Told to look after the head start, and has not asked since.
    soon: bool,
}

/// A waiter's own side of its seat.
pub(super) struct Place {
    number: u64,
    /// It was called, and has not found the key taken since.
    called: bool,
    /// It knows that it is to look soon.
    soon: bool,
    /// It has what it waited for.
    served: bool,
}

/// What a waiter is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It was called: ask.
    Now,
    /// Another one was: ask after its head start. Said once.
    Soon,
    /// Go on waiting.
    Wait,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn enter(&mut self) -> Place {
        let number = self.next;
        self.next += 1;
        self.seats.insert(number, Seat::default());
        Place {
            number,
            called: false,
            soon: false,
            served: false,
        }
    }

    /// The key is free: calls the first one that has not been called, and the others for later.
    #[must_use = "wake them"]
    pub(super) fn call_next(&mut self) -> Vec<Waker> {
        self.call(1, true)
    }

    /// All get the same answer now.
    #[must_use = "wake them"]
    pub(super) fn call_all(&mut self) -> Vec<Waker> {
        self.call(usize::MAX, false)
    }

    fn call(&mut self, mut now: usize, soon: bool) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for seat in self.seats.values_mut().filter(|s| !s.called) {
            if now > 0 {
                now -= 1;
                seat.called = true;
            } else if soon && !seat.soon {
                seat.soon = true;
            } else {
                continue;
            }
            wakers.extend(seat.waker.take());
        }
        wakers
    }

    /// Leaves the waker to be woken by, with the one before in its place, and says what has become
    /// of the key since the last look.
    pub(super) fn look(&mut self, place: &mut Place, waker: &mut Option<Waker>) -> Look {
        let mut soon = false;
        if let Some(seat) = self.seats.get_mut(&place.number) {
            std::mem::swap(&mut seat.waker, waker);
            place.called |= std::mem::take(&mut seat.called);
            if place.called {
                // It asks now: what comes after is told anew.
                (seat.soon, place.soon) = (false, false);
                return Look::Now;
            }
            soon = seat.soon;
        }
        if soon && !std::mem::replace(&mut place.soon, true) {
            return Look::Soon;
        }
        Look::Wait
    }

    /// Before it asks without having been called: what changes after the answer is told anew.
    pub(super) fn asks(&mut self, place: &mut Place) {
        if std::mem::take(&mut place.soon)
            && let Some(seat) = self.seats.get_mut(&place.number)
        {
            seat.soon = false;
        }
    }

    /// The waiter is gone. A call that it made no use of is the next one's; the others were told
    /// when the key became free.
    #[must_use = "wake the one, drop the other"]
    pub(super) fn leave(&mut self, place: &Place) -> (Vec<Waker>, Option<Waker>) {
        let seat = self.seats.remove(&place.number).unwrap_or_default();
        let called = place.called || seat.called;
        let unused = called && !place.served && !broken("hand_on");
        let next = if unused {
            self.call(1, false)
        } else {
            Vec::new()
        };
        (next, seat.waker)
    }
}

impl Place {
    /// The key was taken by another one: goes on waiting.
    pub(super) fn go_on(&mut self) {
        self.called = false;
    }

    /// The key is the waiter's own: who comes next will be called when it is done.
    pub(super) fn serve(&mut self) {
        self.served = true;
    }
}

pub(super) fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// The queues of the store in memory.
pub(super) struct WaitingRoom {
    queues: Mutex<HashMap<Arc<Key>, Queue>>,
    /// How many wait in all: an owner that ends with none waiting takes no lock.
    seated: AtomicUsize,
}

impl WaitingRoom {
    pub(super) fn new() -> Self {
        Self {
            queues: Mutex::new(HashMap::new()),
            seated: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<Key>, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat; `None` if too many wait for that key.
    pub(super) fn enter(&'static self, key: &Arc<Key>) -> Option<Ticket> {
        let mut queues = self.lock();
        let queue = queues.entry(Arc::clone(key)).or_default();
        if queue.len() >= MAX_WAITERS {
            return None;
        }
        let place = queue.enter();
        self.seated.fetch_add(1, SeqCst);
        Some(Ticket {
            room: self,
            key: Arc::clone(key),
            place,
        })
    }

    /// See [`Queue::call_next`].
    pub(super) fn call_next(&self, key: &Arc<Key>) {
        self.call(key, Queue::call_next);
    }

    /// See [`Queue::call_all`].
    pub(super) fn call_all(&self, key: &Arc<Key>) {
        self.call(key, Queue::call_all);
    }

    fn call(&self, key: &Arc<Key>, whom: impl FnOnce(&mut Queue) -> Vec<Waker>) {
        if self.seated.load(SeqCst) == 0 {
            return;
        }
        let called = self.lock().get_mut(key).map(whom);
        wake(called.unwrap_or_default());
    }

    #[cfg(any(test, loom))]
    pub(super) fn is_empty(&self) -> bool {
        assert_eq!(self.lock().is_empty(), self.seated.load(SeqCst) == 0);
        self.lock().is_empty()
    }
}

/// A seat in the waiting room.
pub(super) struct Ticket {
    room: &'static WaitingRoom,
    key: Arc<Key>,
    place: Place,
}

impl Ticket {
    /// See [`Queue::look`].
    pub(super) fn look(&mut self, waker: &Waker) -> Look {
        // Cloned before and dropped after: wakers are somebody's code.
        let mut waker = Some(waker.clone());
        let mut queues = self.room.lock();
        let look = queues.get_mut(&self.key);
        let look = look.map_or(Look::Wait, |q| q.look(&mut self.place, &mut waker));
        drop(queues);
        look
    }

    /// See [`Queue::asks`].
    pub(super) fn asks(&mut self) {
        if let Some(queue) = self.room.lock().get_mut(&self.key) {
            queue.asks(&mut self.place);
        }
    }

    /// The key was taken by another one: goes on waiting.
    pub(super) fn go_on(&mut self) {
        self.place.go_on();
    }

    /// The key is the waiter's own: who comes next will be called when it is done.
    pub(super) fn won(mut self) {
        self.place.serve();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queues = self.room.lock();
        let mut left = None;
        if let Some(queue) = queues.get_mut(&self.key) {
            left = Some(queue.leave(&self.place));
            if queue.len() == 0 {
                queues.remove(&self.key);
            }
        }
        drop(queues);
        self.room.seated.fetch_sub(1, SeqCst);
        if let Some((next, _waker)) = left {
            wake(next);
        }
    }
}
