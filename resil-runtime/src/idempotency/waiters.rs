//! The queues of waiters in this process: calls whose key another call has claimed. Calls on a
//! store outside of the process wait in such a queue too, for their turn to ask the store.
//!
//! In this module an owner that ends *calls* a waiter: it wakes the waiter, so that it asks the
//! store again. A waiter enters the queue *before* it asks the store once more, so that an owner
//! that ends after that answer finds it in the queue. To be called is a hint and no promise: the
//! key may be taken again before the waiter asks. A waiter that leaves after it was called, and has
//! not claimed, calls the next one.
//!
//! Where only one waiter can have the key, the first is called, and the others are told to ask a
//! little later: the first may sit in a task that is not polled. Each of the others is woken once
//! and asks the store once in a [`HEAD_START`], however often the key changes hands.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::key::Key;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering::SeqCst, broken};

/// The most waiters of one key.
pub const MAX_WAITERS: usize = 1_024;

/// The time for which a free key is left to the first waiter.
pub const HEAD_START: Duration = Duration::from_millis(10);

/// The waiters of one key, by number: first come, first served.
///
/// It is kept behind a lock. Wakers run foreign code, so they are handed out, and woken and dropped
/// with nothing locked.
#[derive(Debug, Default)]
pub struct WaiterQueue {
    waiters: BTreeMap<u64, Waiter>,
    next: u64,
}

#[derive(Debug, Default)]
struct Waiter {
    /// Taken out to be woken. Put back when the waiter has asked and goes on waiting.
    waker: Option<Waker>,
    called: bool,
    /// Whether it was told to ask after the head start, and has not asked since.
    soon: bool,
}

/// The place of one waiter in the queue, held by the waiter.
#[derive(Debug)]
pub struct WaiterHandle {
    number: u64,
    /// Whether it was called, and has not found the key taken since.
    called: bool,
    /// Whether it has heard that it is to ask after the head start.
    soon: bool,
    /// Whether it has got what it waited for.
    served: bool,
}

/// The next step of a waiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The waiter was called: it asks the store now.
    Now,
    /// Another waiter was called: this one asks after the head start. Returned once, until it asks.
    Soon,
    /// The waiter goes on waiting.
    Wait,
}

impl WaiterQueue {
    /// Returns the number of waiters.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Returns whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Adds a waiter, behind all others.
    pub fn enter(&mut self) -> WaiterHandle {
        let number = self.next;
        self.next += 1;
        self.waiters.insert(number, Waiter::default());
        WaiterHandle {
            number,
            called: false,
            soon: false,
            served: false,
        }
    }

    /// Notes that the key is free: calls the first waiter that has not been called, and tells the
    /// others to ask after the head start. Returns the wakers to wake.
    #[must_use = "wake them"]
    pub fn call_next(&mut self) -> Vec<Waker> {
        self.call(1, true)
    }

    /// Calls all waiters, since the store has the same answer for each of them now. Returns the
    /// wakers to wake.
    #[must_use = "wake them"]
    pub fn call_all(&mut self) -> Vec<Waker> {
        self.call(usize::MAX, false)
    }

    fn call(&mut self, mut now: usize, soon: bool) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for waiter in self.waiters.values_mut().filter(|s| !s.called) {
            if now > 0 {
                now -= 1;
                waiter.called = true;
            } else if soon && !waiter.soon {
                waiter.soon = true;
            } else {
                continue;
            }
            wakers.extend(waiter.waker.take());
        }
        wakers
    }

    /// Returns what the waiter is to do. Swaps `waker`, by which the waiter is to be woken, for the
    /// one from before, which the caller drops.
    pub fn signal(&mut self, handle: &mut WaiterHandle, waker: &mut Option<Waker>) -> Signal {
        let mut soon = false;
        if let Some(waiter) = self.waiters.get_mut(&handle.number) {
            std::mem::swap(&mut waiter.waker, waker);
            handle.called |= std::mem::take(&mut waiter.called);
            if handle.called {
                // The waiter asks now, so that a change after this is told anew.
                (waiter.soon, handle.soon) = (false, false);
                return Signal::Now;
            }
            soon = waiter.soon;
        }
        if soon && !std::mem::replace(&mut handle.soon, true) {
            return Signal::Soon;
        }
        Signal::Wait
    }

    /// Notes that the waiter asks the store without having been called. A change after this is told
    /// anew.
    pub fn asks(&mut self, handle: &mut WaiterHandle) {
        if std::mem::take(&mut handle.soon)
            && let Some(waiter) = self.waiters.get_mut(&handle.number)
        {
            waiter.soon = false;
        }
    }

    /// Removes the waiter. If it was called and has not been served, the next waiter is called in
    /// its place. The others need no word: they were told when the key became free.
    ///
    /// Returns the wakers to wake, and the waiter's own waker to drop.
    #[must_use = "wake the one, drop the other"]
    pub fn leave(&mut self, handle: &WaiterHandle) -> (Vec<Waker>, Option<Waker>) {
        let waiter = self.waiters.remove(&handle.number).unwrap_or_default();
        let called = handle.called || waiter.called;
        let unused = called && !handle.served && !broken("hand_on");
        let next = if unused {
            self.call(1, false)
        } else {
            Vec::new()
        };
        (next, waiter.waker)
    }
}

impl WaiterHandle {
    /// Notes that another call has taken the key: the waiter goes on waiting.
    pub fn go_on(&mut self) {
        self.called = false;
    }

    /// Notes that the waiter has got the key. The next waiter is called when this owner ends.
    pub fn serve(&mut self) {
        self.served = true;
    }
}

/// Wakes all of `wakers`. Call it with nothing locked.
pub fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// The queues of the store in memory.
#[derive(Debug)]
pub struct WaiterQueues {
    queues: Mutex<HashMap<Arc<Key>, WaiterQueue>>,
    /// The number of waiters of all keys. If it is 0, an owner that ends takes no lock.
    waiting: AtomicUsize,
}

impl WaiterQueues {
    pub(super) fn new() -> Self {
        Self {
            queues: Mutex::new(HashMap::new()),
            waiting: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<Key>, WaiterQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a waiter; `None` if [`MAX_WAITERS`] wait for that key already.
    pub(super) fn enter(&'static self, key: &Arc<Key>) -> Option<QueuedWaiter> {
        let mut queues = self.lock();
        let queue = queues.entry(Arc::clone(key)).or_default();
        if queue.len() >= MAX_WAITERS {
            return None;
        }
        let handle = queue.enter();
        self.waiting.fetch_add(1, SeqCst);
        Some(QueuedWaiter {
            queues: self,
            key: Arc::clone(key),
            handle,
        })
    }

    /// See [`WaiterQueue::call_next`].
    pub(super) fn call_next(&self, key: &Arc<Key>) {
        self.call(key, WaiterQueue::call_next);
    }

    /// See [`WaiterQueue::call_all`].
    pub fn call_all(&self, key: &Arc<Key>) {
        self.call(key, WaiterQueue::call_all);
    }

    fn call(&self, key: &Arc<Key>, whom: impl FnOnce(&mut WaiterQueue) -> Vec<Waker>) {
        if self.waiting.load(SeqCst) == 0 {
            return;
        }
        let called = self.lock().get_mut(key).map(whom);
        wake(called.unwrap_or_default());
    }

    #[cfg(any(test, loom))]
    pub(super) fn is_empty(&self) -> bool {
        assert_eq!(self.lock().is_empty(), self.waiting.load(SeqCst) == 0);
        self.lock().is_empty()
    }
}

/// A waiter in the queue of its key, which it leaves when it is dropped.
pub(super) struct QueuedWaiter {
    queues: &'static WaiterQueues,
    key: Arc<Key>,
    handle: WaiterHandle,
}

impl QueuedWaiter {
    /// See [`WaiterQueue::signal`].
    pub(super) fn signal(&mut self, waker: &Waker) -> Signal {
        // Cloned before the lock is taken and dropped after it: wakers run foreign code.
        let mut waker = Some(waker.clone());
        let mut queues = self.queues.lock();
        let signal = queues.get_mut(&self.key);
        let signal = signal.map_or(Signal::Wait, |q| q.signal(&mut self.handle, &mut waker));
        drop(queues);
        signal
    }

    /// See [`WaiterQueue::asks`].
    pub(super) fn asks(&mut self) {
        if let Some(queue) = self.queues.lock().get_mut(&self.key) {
            queue.asks(&mut self.handle);
        }
    }

    /// See [`WaiterHandle::go_on`].
    pub(super) fn go_on(&mut self) {
        self.handle.go_on();
    }

    /// See [`WaiterHandle::serve`].
    pub(super) fn served(mut self) {
        self.handle.serve();
    }
}

impl Drop for QueuedWaiter {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        let mut left = None;
        if let Some(queue) = queues.get_mut(&self.key) {
            left = Some(queue.leave(&self.handle));
            if queue.is_empty() {
                queues.remove(&self.key);
            }
        }
        drop(queues);
        self.queues.waiting.fetch_sub(1, SeqCst);
        if let Some((next, _waker)) = left {
            wake(next);
        }
    }
}
