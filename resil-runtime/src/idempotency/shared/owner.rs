//! Who holds a key on a shared store: its signs of life, and how it ends, each out of reach of a
//! caller that is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::begin::{Call, InFlight};
use super::flight::Seat;
use crate::clock::{self, Instant};
use crate::idempotency::event::{IdempotencyEvent, NotRecordedReason};
use crate::idempotency::store::{Ack, BoxFuture, Recorded, StoreResult};

/// Between two tries of a step that failed: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The key is taken by another one, or must be taken for lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::idempotency) struct Lost;

/// A sign of life under way; its output is from when on the lease counts.
pub(in crate::idempotency) type Beat = Pin<Box<dyn Future<Output = Result<Instant, Lost>> + Send>>;

/// A claim that is held.
pub(in crate::idempotency) struct Owner {
    call: Arc<Call>,
    fence: u64,
    /// When the claim, or the last renewal that was acknowledged, was *sent*: the lease runs no
    /// shorter than `lease` from then on, whatever the store's clock says.
    held_from: Instant,
    seat: Seat,
    runtime: Handle,
}

/// How a claim ends.
#[derive(Debug)]
pub(in crate::idempotency) enum End {
    /// With why the result is not in it, where it is not.
    Complete(Recorded, Option<NotRecordedReason>),
    Release,
    Abandon,
}

impl Owner {
    pub(super) fn new(call: Arc<Call>, fence: u64, held_from: Instant, seat: Seat) -> Self {
        Self {
            call,
            fence,
            held_from,
            seat,
            runtime: Handle::current(),
        }
    }

    pub(in crate::idempotency) fn call(&self) -> &Call {
        &self.call
    }

    pub(in crate::idempotency) fn fence(&self) -> u64 {
        self.fence
    }

    pub(in crate::idempotency) fn tell(&self, what: IdempotencyEvent) {
        self.call.tell(what);
    }

    /// When the body must be gone: a tenth before the lease can end, for clocks that don't run
    /// alike and a drop that takes its time.
    pub(in crate::idempotency) fn fenced_at(&self) -> Instant {
        let lease = self.call.request.lease;
        clock::add(self.held_from, lease.saturating_sub(lease / 10))
    }

    pub(in crate::idempotency) fn renewed(&mut self, from: Instant) {
        self.held_from = from;
        let until = clock::add(from, self.call.request.lease);
        self.seat.runs(until);
    }

    /// The next sign of life: due at a third of the lease, tried again until it must be given up.
    ///
    /// Where the thread was blocked, or the process stood still, until it was too late, the clock
    /// says nothing of what became of the key: the store is asked once more, which renews the lease
    /// if nobody has claimed the key since.
    pub(in crate::idempotency) fn beat(&self) -> Beat {
        let (call, fenced_at) = (Arc::clone(&self.call), self.fenced_at());
        let due = clock::add(self.held_from, call.request.lease / 3);
        Box::pin(async move {
            clock::sleep_until(due).await;
            let (lease, mut limit) = (call.request.lease, fenced_at);
            let (mut pause, mut failed) = (FIRST_PAUSE, false);
            loop {
                let sent = clock::now();
                if sent >= limit {
                    if failed {
                        return Err(Lost);
                    }
                    limit = clock::add(sent, lease);
                }
                let (request, store) = (&call.request, &call.shared.store);
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
                        clock::sleep_until(clock::add(now, pause).min(limit)).await;
                        pause = grown(pause);
                    }
                }
            }
        })
    }

    /// Ends the claim in a task of its own, which tries until the lease ends.
    ///
    /// The receiver hears of it, by whatever it is dropped or sent, once the caller need not wait
    /// any longer: a completion is acknowledged or given up, anything else was tried once.
    pub(in crate::idempotency) fn end(self, end: End) -> oneshot::Receiver<()> {
        let (done, heard) = oneshot::channel();
        let Self {
            call,
            held_from,
            seat,
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
            let ack = again(&call, &end, until, first).await;
            match end {
                End::Complete(recorded, reason) => {
                    completed(&call, &seat, recorded, reason, ack);
                }
                End::Release if ack == Some(Ack::Ok) => call.tell(IdempotencyEvent::Released),
                End::Abandon if ack == Some(Ack::Ok) => call.tell(IdempotencyEvent::Abandoned),
                End::Release | End::Abandon => {}
            }
            // The next one's turn, before the caller goes on.
            drop(seat);
        });
        heard
    }

    /// The body is gone, and the lease is over or taken: there is nothing left to end.
    pub(in crate::idempotency) fn lost(self) {
        self.tell(IdempotencyEvent::LeaseLost);
    }
}

impl End {
    fn step<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, StoreResult<Ack>> {
        let (store, key, request) = (&call.shared.store, &call.key, &call.request);
        match self {
            Self::Complete(recorded, _) => {
                store.complete(key, request.token, recorded, request.ttl)
            }
            Self::Release => store.release(key, request.token),
            Self::Abandon => store.abandon(key, request.token),
        }
    }
}

/// Tries to end it until that is answered, or the time is up.
async fn again(
    call: &Call,
    end: &End,
    until: Instant,
    mut first: Option<oneshot::Sender<()>>,
) -> Option<Ack> {
    let mut pause = FIRST_PAUSE;
    loop {
        let patience = clock::add(clock::now(), call.request.lease / 5);
        let answer = call.by(patience, end.step(call)).await;
        drop(first.take());
        if let Ok(ack) = answer {
            return Some(ack);
        }
        let next = clock::add(clock::now(), pause);
        if next >= until {
            return None;
        }
        clock::sleep_until(next).await;
        pause = grown(pause);
    }
}

/// What can't be recorded is told: the caller gets its value all the same.
fn completed(
    call: &Call,
    seat: &Seat,
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
    seat.share(call.request.fingerprint, kept, until);
}

/// Gives back a claim that nobody knows to have been made: under it no body began.
///
/// It may still be on its way, so that "there is no such claim" is not believed at once.
pub(super) fn clean_up(claim: InFlight) {
    let tasks = claim.shared.live.tasks.clone();
    let runtime = claim.runtime.clone();
    tasks.spawn(&runtime, async move {
        let until = clock::add(clock::now(), claim.lease);
        let mut pause = FIRST_PAUSE;
        // 5 ms and so on, five seconds in all.
        for _ in 0..24 {
            let step = claim.shared.store.release(&claim.key, claim.token);
            let patience = clock::add(clock::now(), claim.lease / 5);
            if let Some(Ok(Ack::Ok)) = super::flight::within(patience, step).await {
                return;
            }
            let next = clock::add(clock::now(), pause);
            if next >= until {
                return;
            }
            clock::sleep_until(next).await;
            pause = grown(pause);
        }
    });
}

fn grown(pause: Duration) -> Duration {
    pause.mul_f64(1.6).min(LONGEST_PAUSE)
}
