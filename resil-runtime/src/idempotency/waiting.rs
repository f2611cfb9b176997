//! Who waits for whom in this process: callers whose key another one runs for.
//!
//! A waiter takes a seat *before* it asks the store once more: an owner that ends after that
//! answer finds it seated. Being called is a hint, never a promise: who is called asks the store
//! again, and who leaves after having been called hands the call on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use super::key::Key;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering::SeqCst, broken};

/// Most waiters of one key.
pub(super) const MAX_WAITERS: usize = 1_024;

pub(super) struct WaitingRoom {
    queues: Mutex<HashMap<Arc<Key>, Queue>>,
    /// How many wait in all: an owner that ends with none waiting takes no lock.
    seated: AtomicUsize,
}

/// First come, first served: by number.
#[derive(Default)]
struct Queue {
    seats: BTreeMap<u64, Seat>,
    next: u64,
}

#[derive(Default)]
struct Seat {
    /// Taken out by the call; put back when the waiter has looked and goes on waiting.
    waker: Option<Waker>,
    called: bool,
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
        if queue.seats.len() >= MAX_WAITERS {
            return None;
        }
        let number = queue.next;
        queue.next += 1;
        queue.seats.insert(number, Seat::default());
        self.seated.fetch_add(1, SeqCst);
        Some(Ticket {
            room: self,
            key: Arc::clone(key),
            number,
            called: false,
        })
    }

    /// Calls the first one that has not been called.
    pub(super) fn call_one(&self, key: &Arc<Key>) {
        self.call(key, 1);
    }

    pub(super) fn call_all(&self, key: &Arc<Key>) {
        self.call(key, usize::MAX);
    }

    fn call(&self, key: &Arc<Key>, n: usize) {
        if self.seated.load(SeqCst) == 0 {
            return;
        }
        let mut wakers = Vec::new();
        if let Some(queue) = self.lock().get_mut(key) {
            for seat in queue.seats.values_mut().filter(|s| !s.called).take(n) {
                seat.called = true;
                wakers.extend(seat.waker.take());
            }
        }
        // A waker is somebody's code: not under the lock.
        wakers.into_iter().for_each(Waker::wake);
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
    number: u64,
    /// It was called, and has not found the key taken since.
    called: bool,
}

impl Ticket {
    /// Leaves the waker to be woken by, and says whether it was called since the last look.
    pub(super) fn look(&mut self, waker: &Waker) -> bool {
        // Cloned before and dropped after: wakers are somebody's code.
        let mut waker = Some(waker.clone());
        if let Some(seat) = self.seat(&mut self.room.lock()) {
            std::mem::swap(&mut seat.waker, &mut waker);
            self.called |= std::mem::take(&mut seat.called);
        }
        self.called
    }

    /// The key was taken by another one: goes on waiting.
    pub(super) fn go_on(&mut self) {
        self.called = false;
    }

    /// The key is the waiter's own: who comes next will be called when it is done.
    pub(super) fn won(mut self) {
        if let Some(seat) = self.seat(&mut self.room.lock()) {
            seat.called = false;
        }
        self.called = false;
    }

    fn seat<'q>(&self, queues: &'q mut HashMap<Arc<Key>, Queue>) -> Option<&'q mut Seat> {
        queues.get_mut(&self.key)?.seats.get_mut(&self.number)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queues = self.room.lock();
        let mut seat = None;
        if let Some(queue) = queues.get_mut(&self.key) {
            seat = queue.seats.remove(&self.number);
            if queue.seats.is_empty() {
                queues.remove(&self.key);
            }
        }
        drop(queues);
        self.room.seated.fetch_sub(1, SeqCst);
        if (self.called || seat.as_ref().is_some_and(|s| s.called)) && !broken("hand_on") {
            self.room.call_one(&self.key);
        }
    }
}
