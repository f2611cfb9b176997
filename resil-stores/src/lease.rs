//! A claim that is held on a store: its heartbeats, and its end. The end is made in a task of its
//! own, which a drop of the caller does not reach.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use resil_runtime::clock::{self, Instant};
use resil_runtime::idempotency::store::{Ack, BoxFuture, Recorded, StoreResult};
use resil_runtime::idempotency::{IdempotencyEvent, NotRecordedReason};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::call::{SentClaim, StoredCall};
use crate::key_queue::QueuedCall;
use crate::pause::{LONGEST_PAUSE, Pause};

/// The claim is lost: another owner has taken the key over, or may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

/// A heartbeat. Its output is the time from which the renewed lease counts.
pub(crate) type Heartbeat = Pin<Box<dyn Future<Output = Result<Instant, Lost>> + Send>>;

/// A claim that is held.
pub(crate) struct Lease {
    call: Arc<StoredCall>,
    fence: u64,
    /// The time at which the claim, or the last acknowledged renewal, was *sent*. The store counts
    /// the lease from when it gets the step, which is not before that.
    held_from: Instant,
    queued: QueuedCall,
    runtime: Handle,
}

/// The end of a claim.
#[derive(Debug)]
pub(crate) enum End {
    /// The outcome is recorded. If its result is not in the record, this has the reason.
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

    /// Returns the time by which the body must be dropped: a tenth of the lease before it can end.
    /// The tenth allows for clocks that don't run alike, and for a drop that takes its time.
    pub(crate) fn fenced_at(&self) -> Instant {
        let lease = self.call.request.lease;
        clock::add(self.held_from, lease.saturating_sub(lease / 10))
    }

    pub(crate) fn renewed(&mut self, from: Instant) {
        self.held_from = from;
        let until = clock::add(from, self.call.request.lease);
        self.queued.runs(until);
    }

    /// Returns the next heartbeat. It is due at a third of the lease, and is tried again until
    /// [`fenced_at`](Self::fenced_at).
    ///
    /// The thread may have been blocked until then, or the process may have stood still. The clock
    /// does not tell whether the key was taken over meanwhile, so the store is asked once more: it
    /// renews the lease if nobody has claimed the key since.
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
                        // Counted as a failure only if this is polled soon after the limit of the
                        // try. If it is polled late, the answer may have come, and nobody was there
                        // to read it.
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
    /// The receiver is ready when the caller need wait no longer: once a completion is acknowledged
    /// or given up, or once any other end was tried. Its sender is then dropped without a message.
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
        tasks.spawn(&runtime, call.pending.clone(), async move {
            let lease = call.request.lease;
            let (now, mut until) = (clock::now(), clock::add(held_from, lease));
            if until <= now {
                // The lease is over, as the thread was blocked for that long. If nobody has claimed
                // the key since, the store takes the end all the same.
                until = clock::add(now, lease);
            }
            // `_last` is dropped when a completion is acknowledged or given up, `first` after the
            // first try of any other end.
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
            // Gives the turn to the next call of this process before the caller goes on.
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

    /// Sends the step until it is answered; `None` if there was no answer until `until`. `first` is
    /// dropped after the first try.
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

/// Tells the listeners if the result could not be recorded, and shares the recorded outcome with
/// the calls that wait in this process. The caller gets its value in either case.
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
    // No longer than an outcome that was found: the record may be forgotten elsewhere.
    let shared_for = call.request.ttl.min(LONGEST_PAUSE);
    queued.share(kept, clock::add(clock::now(), shared_for));
}

/// Releases a claim that was sent and not answered: it may have been made, and no body has begun
/// under it.
///
/// The claim may still be on its way to the store. So the release is sent again when the store
/// answers that there is no such claim.
pub(crate) fn give_back(claim: SentClaim) {
    let tasks = claim.shared.live.tasks.clone();
    let runtime = claim.runtime.clone();
    tasks.spawn(&runtime, claim.pending.clone(), async move {
        let until = clock::add(clock::now(), claim.lease);
        let mut pause = Pause::new();
        // Five seconds in all.
        for _ in 0..24 {
            let step = claim.shared.store().release(&claim.key, claim.token);
            let patience = clock::add(clock::now(), claim.lease / 5);
            if let Some(Ok(Ack::Ok)) = clock::within(patience, step).await {
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
