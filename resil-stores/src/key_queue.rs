//! The calls of this process that want one key: one of them asks the store, the others wait for
//! their turn, and share what it found.
//!
//! First come, first served. A call takes the turn while it is being polled, so that one whose task
//! does other things holds up nobody. The turn only saves requests to the store and decides nothing:
//! a call may take it from a holder that sends no heartbeat, and the store then says who has the
//! key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use resil_runtime::__private::stores::{
    HEAD_START, MAX_WAITERS, Signal, WaiterHandle, WaiterQueue, wake,
};
use resil_runtime::clock::{self, Instant};
use resil_runtime::idempotency::store::{Fingerprint, Recorded};

/// How long a call that asks the store has the turn to itself, from when it last asked: it may have
/// stopped asking, and hold nothing. A second call that asks meanwhile does no harm.
const ASKING: Duration = Duration::from_secs(5);

type Hash = [u8; 32];

/// The queues of all keys that calls of this process want.
pub(crate) struct KeyQueues(Arc<Mutex<HashMap<Hash, KeyQueue>>>);

/// The queue of one key. It is removed with its last call.
struct KeyQueue {
    /// The number of calls in it, with the holder of the turn.
    calls: usize,
    state: Arc<Mutex<KeyState>>,
}

struct KeyState {
    /// The number of the last call that entered.
    last: u64,
    /// The number of the call whose turn it is.
    holder: Option<u64>,
    /// The time until which the holder of the turn is taken to be alive.
    until: Instant,
    /// The holder of the turn runs its body.
    running: bool,
    /// The outcome that was found or recorded, its fingerprint, and the time until which it is shared.
    done: Option<(Option<Fingerprint>, Recorded, Instant)>,
    queue: WaiterQueue,
}

/// A call in the queue of its key, which it leaves when it is dropped.
pub(crate) struct QueuedCall {
    queues: Arc<Mutex<HashMap<Hash, KeyQueue>>>,
    hash: Hash,
    state: Arc<Mutex<KeyState>>,
    number: u64,
    lease: Duration,
}

/// How the wait for the turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The turn is this call's, or another one has found the outcome.
    Ours,
    /// The caller's time is up.
    TimeUp,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyQueues {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Adds a call; `None` if too many wait for that key.
    pub(crate) fn enter(&self, hash: Hash, lease: Duration) -> Option<QueuedCall> {
        let mut queues = lock(&self.0);
        let queue = queues.entry(hash).or_insert_with(|| KeyQueue {
            calls: 0,
            state: Arc::new(Mutex::new(KeyState {
                last: 0,
                holder: None,
                until: clock::now(),
                running: false,
                done: None,
                queue: WaiterQueue::default(),
            })),
        });
        // The holder of the turn waits for nobody.
        if queue.calls > MAX_WAITERS {
            return None;
        }
        queue.calls += 1;
        let mut state = lock(&queue.state);
        state.last += 1;
        Some(QueuedCall {
            queues: Arc::clone(&self.0),
            hash,
            state: Arc::clone(&queue.state),
            number: state.last,
            lease,
        })
    }

    /// Forgets the outcome that is shared, as the key has changed.
    pub(crate) fn forget(&self, hash: &Hash) {
        if let Some(queue) = lock(&self.0).get(hash) {
            lock(&queue.state).done = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl KeyState {
    fn found(&self, now: Instant) -> Option<(Option<Fingerprint>, Recorded)> {
        let (fingerprint, recorded, until) = self.done.as_ref()?;
        (*until > now).then(|| (*fingerprint, recorded.clone()))
    }
}

impl QueuedCall {
    /// Takes the turn if nobody has it, and nobody waits for it.
    pub(crate) fn try_turn(&mut self) -> bool {
        let mut state = lock(&self.state);
        let free = state.holder.is_none() && state.queue.is_empty();
        if free {
            self.take(&mut state, clock::now());
        }
        free
    }

    fn take(&self, state: &mut KeyState, now: Instant) {
        state.holder = Some(self.number);
        state.running = false;
        state.until = clock::add(now, self.lease.min(ASKING));
    }

    /// Waits for the turn, to `deadline` at most.
    pub(crate) async fn wait_for_turn(&mut self, deadline: Option<Instant>) -> Turn {
        let mut wait = Wait {
            handle: lock(&self.state).queue.enter(),
            call: self,
            timer: None,
        };
        poll_fn(|cx| wait.poll(deadline, cx)).await
    }

    /// Notes that the call asks the store, at `sent`.
    pub(crate) fn asks(&self, sent: Instant) {
        let mut state = lock(&self.state);
        if state.holder == Some(self.number) {
            self.take(&mut state, sent);
        }
    }

    /// Notes that the store has given the key to the call, to `until` at least, and with it the turn.
    pub(crate) fn runs(&self, until: Instant) {
        let mut state = lock(&self.state);
        state.holder = Some(self.number);
        state.running = true;
        state.until = until;
    }

    /// Returns the time until which an owner in this process holds the key, if one does.
    pub(crate) fn running(&self) -> Option<Instant> {
        let state = lock(&self.state);
        (state.running && state.until > clock::now()).then_some(state.until)
    }

    /// Returns the outcome that another call has found, and its fingerprint.
    pub(crate) fn found(&self) -> Option<(Option<Fingerprint>, Recorded)> {
        lock(&self.state).found(clock::now())
    }

    /// Shares an outcome with the calls that wait.
    pub(crate) fn share(&self, by: Option<Fingerprint>, recorded: Recorded, until: Instant) {
        let called = {
            let mut state = lock(&self.state);
            state.done = Some((by, recorded, until));
            state.queue.call_all()
        };
        wake(called);
    }
}

impl Drop for QueuedCall {
    fn drop(&mut self) {
        // The next one is woken first, so that it finds the queue as it was.
        let called = {
            let mut state = lock(&self.state);
            if state.holder == Some(self.number) {
                state.holder = None;
                state.running = false;
                state.queue.call_next()
            } else {
                Vec::new()
            }
        };
        wake(called);
        let mut queues = lock(&self.queues);
        if let Entry::Occupied(mut entry) = queues.entry(self.hash) {
            entry.get_mut().calls -= 1;
            if entry.get().calls == 0 {
                entry.remove();
            }
        }
    }
}

/// The wait of one call for its turn.
struct Wait<'s> {
    call: &'s QueuedCall,
    handle: WaiterHandle,
    timer: Option<Pin<Box<clock::Sleep>>>,
}

impl Wait<'_> {
    fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            let timer = self.timer.as_mut();
            let late = timer.is_some_and(|t| t.as_mut().poll(cx).is_ready());
            let now = clock::now();
            let Some(at) = self.next_check(late, now, cx) else {
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

    /// Returns the time to look again; `None` if there is nothing more to wait for.
    fn next_check(&mut self, late: bool, now: Instant, cx: &Context<'_>) -> Option<Instant> {
        // Cloned before and dropped after the lock: wakers are somebody's code.
        let mut waker = Some(cx.waker().clone());
        let mut state = lock(&self.call.state);
        let signal = state.queue.signal(&mut self.handle, &mut waker);
        if state.found(now).is_some() {
            self.handle.serve();
            return None;
        }
        let soon = clock::add(now, HEAD_START);
        if late || signal == Signal::Now {
            state.queue.asks(&mut self.handle);
            if state.holder.is_none() || state.until <= now {
                self.call.take(&mut state, now);
                self.handle.serve();
                return None;
            }
            self.handle.go_on();
            return Some(state.until);
        }
        Some(match (&self.timer, signal) {
            (Some(timer), Signal::Soon) => timer.deadline().min(soon),
            (Some(timer), _) => timer.deadline(),
            // A call that comes while the turn goes from one to the next stands behind those that wait.
            (None, _) if state.holder.is_none() => soon,
            (None, _) => state.until,
        })
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let (next, _waker) = {
            let mut state = lock(&self.call.state);
            state.queue.leave(&self.handle)
        };
        wake(next);
    }
}
