//! Who waits for whom in this process: calls whose key another call has. A store outside of the
//! process uses the queue of one key too, for calls that wait for their turn to ask it.
//!
//! A waiter enters the queue *before* it asks the store once more: an owner that ends after that
//! answer finds it there. Being called is a hint, never a promise: a waiter that was called asks the
//! store again, and one that leaves after having been called hands the call on.
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
pub const MAX_WAITERS: usize = 1_024;

/// How long the first waiter has the key to itself once it is free.
pub const HEAD_START: Duration = Duration::from_millis(10);

/// The waiters of one key, by number: first come, first served. It is kept behind a lock; wakers are
/// somebody's code, and are woken and dropped with nothing locked.
#[derive(Debug, Default)]
pub struct WaiterQueue {
    waiters: BTreeMap<u64, Waiter>,
    next: u64,
}

#[derive(Debug, Default)]
struct Waiter {
    /// Taken out when it is woken; put back when the waiter has looked and goes on waiting.
    waker: Option<Waker>,
    called: bool,
    /// It was told to look after the head start, and has not asked since.
    soon: bool,
}

/// The waiter's own side of its place in the queue.
#[derive(Debug)]
pub struct WaiterHandle {
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
pub enum Signal {
    /// It was called: ask.
    Now,
    /// Another one was: ask after its head start. Said once.
    Soon,
    /// Go on waiting.
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

    /// Says that the key is free: calls the first one that has not been called, and the others for later.
    #[must_use = "wake them"]
    pub fn call_next(&mut self) -> Vec<Waker> {
        self.call(1, true)
    }

    /// Calls all waiters: they get the same answer now.
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

    /// Exchanges the waker to be woken by for the one before, and says what has become of the key
    /// since the last look.
    pub fn signal(&mut self, handle: &mut WaiterHandle, waker: &mut Option<Waker>) -> Signal {
        let mut soon = false;
        if let Some(waiter) = self.waiters.get_mut(&handle.number) {
            std::mem::swap(&mut waiter.waker, waker);
            handle.called |= std::mem::take(&mut waiter.called);
            if handle.called {
                // It asks now: what comes after is told anew.
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

    /// Notes that the waiter asks without having been called: what changes after the answer is told
    /// anew.
    pub fn asks(&mut self, handle: &mut WaiterHandle) {
        if std::mem::take(&mut handle.soon)
            && let Some(waiter) = self.waiters.get_mut(&handle.number)
        {
            waiter.soon = false;
        }
    }

    /// Removes the waiter. A call that it made no use of is handed to the next one; the others were
    /// told when the key became free.
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
    /// Notes that another one took the key: the waiter goes on waiting.
    pub fn go_on(&mut self) {
        self.called = false;
    }

    /// Notes that the waiter has the key: the next one will be called when it is done.
    pub fn serve(&mut self) {
        self.served = true;
    }
}

/// Wakes them.
pub fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// The queues of the store in memory.
#[derive(Debug)]
pub struct WaiterQueues {
    queues: Mutex<HashMap<Arc<Key>, WaiterQueue>>,
    /// How many wait in all: an owner that ends with none waiting takes no lock.
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

    /// Adds a waiter; `None` if too many wait for that key.
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
        // Cloned before and dropped after: wakers are somebody's code.
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
