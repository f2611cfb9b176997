//! The queues of calls in this process that want one key. One call of a queue has the *turn* and
//! asks the store. The others wait for the turn, and share the outcome that the holder of the turn
//! finds.
//!
//! A fingerprint is compared here as the store compares it, where the one in the record is known: that of
//! an owner which runs, or of a call that has found the outcome. Calls for which it is not known ask the
//! store themselves.
//!
//! First come, first served. A call takes the turn only while it is polled, so that a call whose
//! task is not polled holds up nobody. The turn saves requests to the store, and decides nothing. A
//! call may take it from a holder that sends no heartbeat: the store decides which of them has the
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
use resil_runtime::idempotency::store::{ClaimRequest, Fingerprint, Recorded};

/// The longest time for which a call that asks the store keeps the turn, from when it last asked.
/// After that it may have stopped asking. If it has not, two calls ask, which does no harm.
const ASKING: Duration = Duration::from_secs(5);

type Hash = [u8; 32];

/// The queues of all keys that calls of this process want.
pub(crate) struct KeyQueues(Arc<Mutex<HashMap<Hash, KeyQueue>>>);

/// The queue of one key. It is removed with its last call.
struct KeyQueue {
    /// The number of calls in the queue, with the holder of the turn.
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
    /// The fingerprint of the holder of the turn.
    by: Option<Fingerprint>,
    /// Whether the holder of the turn runs its body.
    running: bool,
    /// The outcome that a call found or recorded, with the fingerprint of that call, and the time
    /// until which the outcome is shared.
    done: Option<(Option<Fingerprint>, Recorded, Instant)>,
    /// The first fingerprint of a call that entered, and whether one with another has entered since.
    first: Option<Fingerprint>,
    mixed: bool,
    queue: WaiterQueue,
}

/// A call in the queue of its key, which it leaves when it is dropped.
pub(crate) struct QueuedCall {
    queues: Arc<Mutex<HashMap<Hash, KeyQueue>>>,
    hash: Hash,
    state: Arc<Mutex<KeyState>>,
    number: u64,
    lease: Duration,
    fingerprint: Option<Fingerprint>,
    /// Whether it has waited behind an owner that ran its body.
    behind_owner: bool,
}

/// The end of a wait for the turn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// This call has the turn, or its answer is [`Known`].
    Ours,
    /// The deadline has come.
    TimeUp,
}

/// The answer to a call, known without the store.
pub(crate) enum Known {
    /// Another call has found or recorded the outcome.
    Done(Recorded),
    /// An owner runs with another fingerprint.
    KeyReused,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyQueues {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Adds a call; `None` if [`MAX_WAITERS`] wait for that key already.
    pub(crate) fn enter(&self, hash: Hash, request: &ClaimRequest) -> Option<QueuedCall> {
        let mut queues = lock(&self.0);
        let queue = queues.entry(hash).or_insert_with(|| KeyQueue {
            calls: 0,
            state: Arc::new(Mutex::new(KeyState {
                last: 0,
                holder: None,
                until: clock::now(),
                by: None,
                running: false,
                done: None,
                first: None,
                mixed: false,
                queue: WaiterQueue::default(),
            })),
        });
        // One more than the most waiters: the holder of the turn is in the queue, and does not
        // wait.
        if queue.calls > MAX_WAITERS {
            return None;
        }
        queue.calls += 1;
        let mut state = lock(&queue.state);
        state.last += 1;
        if let Some(ours) = request.fingerprint {
            let first = *state.first.get_or_insert(ours);
            state.mixed |= first != ours;
        }
        Some(QueuedCall {
            queues: Arc::clone(&self.0),
            hash,
            state: Arc::clone(&queue.state),
            number: state.last,
            lease: request.lease,
            fingerprint: request.fingerprint,
            behind_owner: false,
        })
    }

    /// Drops the shared outcome of a key whose record was changed by hand.
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
    fn runs(&self, now: Instant) -> bool {
        self.running && self.until > now
    }

    /// Returns the answer to a call with the fingerprint `ours`, if it is known here.
    fn known(&self, ours: Option<Fingerprint>, now: Instant) -> Option<Known> {
        if let Some((by, recorded, until)) = &self.done
            && *until > now
            && (ours.is_none() || ours == *by)
        {
            return Some(Known::Done(recorded.clone()));
        }
        let differs = ours.is_some() && self.by.is_some() && ours != self.by;
        (self.runs(now) && differs).then_some(Known::KeyReused)
    }
}

impl QueuedCall {
    /// Takes the turn if no call has it, and no call waits for it. Returns whether it did.
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
        state.by = self.fingerprint;
        state.running = false;
        state.until = clock::add(now, self.lease.min(ASKING));
    }

    /// Waits for the turn, or for an answer that is known, until `deadline` at most. If it is dropped,
    /// the call leaves the waiters; if it was called, the next waiter is.
    pub(crate) async fn wait_for_turn(&mut self, deadline: Option<Instant>) -> Turn {
        let mut wait = Wait {
            handle: lock(&self.state).queue.enter(),
            call: self,
            behind_owner: false,
            timer: None,
        };
        let turn = poll_fn(|cx| wait.poll(deadline, cx)).await;
        let behind_owner = wait.behind_owner;
        drop(wait);
        self.behind_owner |= behind_owner;
        turn
    }

    /// Returns whether the call has waited behind an owner that ran its body. That owner may have left
    /// its claim in the store.
    pub(crate) fn was_behind_owner(&self) -> bool {
        self.behind_owner
    }

    /// Notes that the call asks the store at `sent`, if it still has the turn.
    pub(crate) fn asks(&self, sent: Instant) {
        let mut state = lock(&self.state);
        if state.holder == Some(self.number) {
            self.take(&mut state, sent);
        }
    }

    /// Notes that the call has claimed the key on the store, until `until` at least. It has the
    /// turn for that time.
    pub(crate) fn runs(&self, until: Instant) {
        let called = {
            let mut state = lock(&self.state);
            let goes_on = state.running && state.holder == Some(self.number);
            state.holder = Some(self.number);
            state.by = self.fingerprint;
            state.running = true;
            state.until = until;
            // Those that wait with another fingerprint have their answer now.
            if state.mixed && !goes_on {
                state.queue.call_all()
            } else {
                Vec::new()
            }
        };
        wake(called);
    }

    /// Returns the time until which an owner in this process holds the key, if one does whose record
    /// is known to have no other fingerprint than this call.
    ///
    /// An owner without one may have taken over a record with one: the store knows.
    pub(crate) fn running(&self) -> Option<Instant> {
        let state = lock(&self.state);
        let same = self.fingerprint.is_none() || self.fingerprint == state.by;
        (same && state.runs(clock::now())).then_some(state.until)
    }

    /// Returns the answer to this call, if it is known without the store.
    pub(crate) fn known(&self) -> Option<Known> {
        lock(&self.state).known(self.fingerprint, clock::now())
    }

    /// Shares an outcome, until `until`, with the calls that wait and with those that come, if their
    /// fingerprint is that of this call, or if they have none.
    ///
    /// For others it is not: the record may have been made with another fingerprint, or without one.
    pub(crate) fn share(&self, recorded: Recorded, until: Instant) {
        let called = {
            let mut state = lock(&self.state);
            state.done = Some((self.fingerprint, recorded, until));
            state.queue.call_all()
        };
        wake(called);
    }
}

impl Drop for QueuedCall {
    fn drop(&mut self) {
        // The next call is woken before this one is taken out of the count, so that it finds the
        // queue as it was.
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
    behind_owner: bool,
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

    /// Looks whether the wait is over: the call has taken the turn, or its answer is known. Returns `None` if so, and else the time to look again. `late` says that such a time
    /// has come.
    fn next_check(&mut self, late: bool, now: Instant, cx: &Context<'_>) -> Option<Instant> {
        // Cloned before the lock is taken and dropped after it: wakers run foreign code.
        let mut waker = Some(cx.waker().clone());
        let mut state = lock(&self.call.state);
        let signal = state.queue.signal(&mut self.handle, &mut waker);
        self.behind_owner |= state.running;
        if state.known(self.call.fingerprint, now).is_some() {
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
            // The turn is on its way to a call that has waited longer.
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
