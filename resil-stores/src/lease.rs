//! A claim that is held on a store: its heartbeats, and how it ends, each out of reach of a caller
//! that is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use resil_runtime::clock::{self, Instant};
use resil_runtime::idempotency::store::{Ack, BoxFuture, Recorded, StoreResult};
use resil_runtime::idempotency::{IdempotencyEvent, NotRecordedReason};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::call::{SentClaim, StoredCall, within};
use crate::key_queue::QueuedCall;
use crate::pause::Pause;

/// The key is taken by another owner, or must be taken for lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

/// A heartbeat under way; its output is the time from which the lease counts.
pub(crate) type Heartbeat = Pin<Box<dyn Future<Output = Result<Instant, Lost>> + Send>>;

/// A claim that is held.
pub(crate) struct Lease {
    call: Arc<StoredCall>,
    fence: u64,
    /// When the claim, or the last renewal that was acknowledged, was *sent*: the lease runs no
    /// shorter than its length from then on, whatever the store's clock says.
    held_from: Instant,
    queued: QueuedCall,
    runtime: Handle,
}

/// How a claim ends.
#[derive(Debug)]
pub(crate) enum End {
    /// With the reason why the result is not in the record, where it is not.
    Complete(Recorded, Option<NotRecordedReason>),
    Release,
    Abandon,
}

impl Lease {
    pub(crate) fn new(
        call: Arc<StoredCall>,
        fence: u64,
        held_from: Instant,
        queued: QueuedCall,
    ) -> Self {
        Self {
            call,
            fence,
            held_from,
            queued,
            runtime: Handle::current(),
        }
    }

    pub(crate) fn call(&self) -> &StoredCall {
        &self.call
    }

    pub(crate) fn fence(&self) -> u64 {
        self.fence
    }

    /// Returns the time at which the body must be gone: a tenth before the lease can end, for
    /// clocks that don't run alike and a drop that takes its time.
    pub(crate) fn fenced_at(&self) -> Instant {
        let lease = self.call.request.lease;
        clock::add(self.held_from, lease.saturating_sub(lease / 10))
    }

    pub(crate) fn renewed(&mut self, from: Instant) {
        self.held_from = from;
        let until = clock::add(from, self.call.request.lease);
        self.queued.runs(until);
    }

    /// Returns the next heartbeat: due at a third of the lease, tried again until it must be given
    /// up.
    ///
    /// Where the thread was blocked, or the process stood still, until it was too late, the clock
    /// says nothing of what became of the key: the store is asked once more, which renews the lease
    /// if nobody has claimed the key since.
    pub(crate) fn heartbeat(&self) -> Heartbeat {
        let (call, fenced_at) = (Arc::clone(&self.call), self.fenced_at());
        let due = clock::add(self.held_from, call.request.lease / 3);
        Box::pin(async move {
            clock::sleep_until(due).await;
            let (request, store) = (&call.request, call.shared.store());
            let (lease, mut limit) = (request.lease, fenced_at);
            let (mut pause, mut failed) = (Pause::new(), false);
            loop {
                let sent = clock::now();
                if sent >= limit {
                    if failed {
                        return Err(Lost);
                    }
                    limit = clock::add(sent, lease);
                }
                let step = store.renew(&call.key, request.token, lease, request.ttl);
                // A try that hangs must leave time for another one.
                let until = clock::add(sent, lease / 5).min(limit);
                match call.by(until, step).await {
                    Ok(Ack::Ok | Ack::NoRoom) => return Ok(sent),
                    Ok(Ack::LeaseLost) => return Err(Lost),
                    Err(_) => {
                        let now = clock::now();
                        // Else the answer may be there, and nobody has come to read it.
                        failed |= now < clock::add(until, lease / 10);
                        clock::sleep_until(clock::add(now, pause.get()).min(limit)).await;
                        pause.grow();
                    }
                }
            }
        })
    }

    /// Ends the claim in a task of its own, which tries until the lease ends.
    ///
    /// The receiver hears of it, by whatever it is dropped or sent, once the caller need not wait
    /// any longer: a completion is acknowledged or given up, anything else was tried once.
    pub(crate) fn end(self, end: End) -> oneshot::Receiver<()> {
        let (done, heard) = oneshot::channel();
        let Self {
            call,
            held_from,
            queued,
            runtime,
            ..
        } = self;
        let tasks = call.shared.live.tasks.clone();
        tasks.spawn(&runtime, async move {
            let lease = call.request.lease;
            let (now, mut until) = (clock::now(), clock::add(held_from, lease));
            if until <= now {
                // The thread was blocked for that long. If nobody has claimed the key since, the store
                // takes the end all the same.
                until = clock::add(now, lease);
            }
            // Of a completion the caller hears at the end, of anything else after the first try.
            let completes = matches!(end, End::Complete(..));
            let (first, _last) = if completes {
                (None, Some(done))
            } else {
                (Some(done), None)
            };
            let ack = end.send(&call, until, first).await;
            match end {
                End::Complete(recorded, reason) => {
                    completed(&call, &queued, recorded, reason, ack);
                }
                End::Release if ack == Some(Ack::Ok) => call.tell(IdempotencyEvent::Released),
                End::Abandon if ack == Some(Ack::Ok) => call.tell(IdempotencyEvent::Abandoned),
                End::Release | End::Abandon => {}
            }
            // The next one's turn, before the caller goes on.
            drop(queued);
        });
        heard
    }
}

impl End {
    fn step<'a>(&'a self, call: &'a StoredCall) -> BoxFuture<'a, StoreResult<Ack>> {
        let (store, key, request) = (call.shared.store(), &call.key, &call.request);
        match self {
            Self::Complete(recorded, _) => {
                store.complete(key, request.token, recorded, request.ttl)
            }
            Self::Release => store.release(key, request.token),
            Self::Abandon => store.abandon(key, request.token),
        }
    }

    /// Sends the step until it is answered, or the time is up. `first` is dropped after one try.
    async fn send(
        &self,
        call: &StoredCall,
        until: Instant,
        mut first: Option<oneshot::Sender<()>>,
    ) -> Option<Ack> {
        let mut pause = Pause::new();
        loop {
            let patience = clock::add(clock::now(), call.request.lease / 5);
            let answer = call.by(patience, self.step(call)).await;
            drop(first.take());
            if let Ok(ack) = answer {
                return Some(ack);
            }
            let next = clock::add(clock::now(), pause.get());
            if next >= until {
                return None;
            }
            clock::sleep_until(next).await;
            pause.grow();
        }
    }
}

/// Tells the listeners what could not be recorded, and shares what was. The caller gets its value
/// all the same.
fn completed(
    call: &StoredCall,
    queued: &QueuedCall,
    recorded: Recorded,
    reason: Option<NotRecordedReason>,
    ack: Option<Ack>,
) {
    let not_recorded = |reason| call.tell(IdempotencyEvent::NotRecorded(reason));
    let kept = match ack {
        Some(Ack::Ok) => {
            if let Some(reason) = reason {
                not_recorded(reason);
            }
            recorded
        }
        Some(Ack::NoRoom) => {
            not_recorded(NotRecordedReason::NoRoom);
            Recorded::not_stored(recorded.codec, recorded.version)
        }
        Some(Ack::LeaseLost) => return call.tell(IdempotencyEvent::LeaseLost),
        None => return not_recorded(NotRecordedReason::StoreAway),
    };
    let until = clock::add(clock::now(), call.request.ttl);
    queued.share(call.request.fingerprint, kept, until);
}

/// Gives back a claim that may have been made without anybody knowing: no body began under it.
///
/// It may still be on its way, so that "there is no such claim" is not believed at once.
pub(crate) fn give_back(claim: SentClaim) {
    let tasks = claim.shared.live.tasks.clone();
    let runtime = claim.runtime.clone();
    tasks.spawn(&runtime, async move {
        let until = clock::add(clock::now(), claim.lease);
        let mut pause = Pause::new();
        // Five seconds in all.
        for _ in 0..24 {
            let step = claim.shared.store().release(&claim.key, claim.token);
            let patience = clock::add(clock::now(), claim.lease / 5);
            if let Some(Ok(Ack::Ok)) = within(patience, step).await {
                return;
            }
            let next = clock::add(clock::now(), pause.get());
            if next >= until {
                return;
            }
            clock::sleep_until(next).await;
            pause.grow();
        }
    });
}
