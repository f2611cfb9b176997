//! How a call on a store begins: it waits for its turn in this process, asks the store, polls it
//! while another process holds the key, and gets the key, a result, or a refusal.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rand::RngExt;
use resil_runtime::__private::stores::Cause;
use resil_runtime::Deadline;
use resil_runtime::clock::{self, Instant};
use resil_runtime::idempotency::IdempotencyEvent;
use resil_runtime::idempotency::store::{
    Ack, ClaimAnswer, Fingerprint, Recorded, StoreError, StoreErrorKind, Token,
};

use crate::call::{SentClaim, StoredCall, is_under, own_claim};
use crate::codec::Codec;
use crate::key_queue::{QueuedCall, Turn};
use crate::lease::{Lease, give_back};
use crate::pause::{LONGEST_PAUSE, Pause};

/// How a call goes on once it has been answered.
pub(crate) enum ClaimOutcome {
    /// The key is the call's.
    Run(Lease),
    /// The store is away, and may be done without.
    RunOpen,
    /// The recorded outcome, and the codec that reads it.
    Done(Recorded, Arc<dyn Codec>),
    /// Nothing to run and nothing to replay.
    Refuse(Cause),
}

impl StoredCall {
    fn in_progress(left: Option<Duration>) -> ClaimOutcome {
        ClaimOutcome::Refuse(Cause::InProgress(left))
    }

    fn away(&self, source: StoreError, may_open: bool, deadline: Option<Instant>) -> ClaimOutcome {
        // Past its deadline it is the caller that gave up: the store may be well, and hold the key.
        let may_open = may_open && deadline.is_none_or(|at| clock::now() < at);
        let transient = source.kind() == StoreErrorKind::Unavailable;
        if may_open && transient && self.shared.settings.open_on_outage {
            self.shared.ran_open();
            self.tell(IdempotencyEvent::RanOpen);
            return ClaimOutcome::RunOpen;
        }
        ClaimOutcome::Refuse(Cause::Store(source))
    }

    fn done(&self, recorded: Recorded) -> ClaimOutcome {
        ClaimOutcome::Done(recorded, Arc::clone(&self.shared.settings.codec))
    }

    /// The outcome of a call that shares what another one found, which came with the fingerprint
    /// `by`.
    fn found(&self, by: Option<Fingerprint>, recorded: Recorded) -> ClaimOutcome {
        match (by, self.request.fingerprint) {
            (Some(theirs), Some(ours)) if theirs != ours => ClaimOutcome::Refuse(Cause::KeyReused),
            _ => self.done(recorded),
        }
    }
}

/// Begins the call. Wherever it is polled, it must not wait for a claim that the poll is under.
pub(crate) async fn begin(call: StoredCall) -> ClaimOutcome {
    let (key, live) = (call.key, Arc::clone(&call.shared.live));
    let mut begun = pin!(begin_alone(call));
    poll_fn(move |cx| {
        if is_under(&live, &key) {
            return Poll::Ready(ClaimOutcome::Refuse(Cause::Reentrant));
        }
        begun.as_mut().poll(cx)
    })
    .await
}

async fn begin_alone(call: StoredCall) -> ClaimOutcome {
    let lease = call.request.lease;
    let deadline = Deadline::current().map(Deadline::instant);
    let Some(mut queued) = call.shared.live.queues.enter(*call.key.hash(), lease) else {
        return StoredCall::in_progress(None);
    };
    if !call.waits {
        if let Some(until) = queued.running() {
            let left = until.saturating_duration_since(clock::now());
            return StoredCall::in_progress(Some(left));
        }
        // Without a turn, if need be: the store answers at once, and nobody is waited for.
        queued.try_turn();
    } else if queued.found().is_none() && !queued.try_turn() {
        call.tell(IdempotencyEvent::Waiting);
        if queued.wait_for_turn(deadline).await == Turn::TimeUp {
            return StoredCall::in_progress(None);
        }
    }
    if let Some((by, recorded)) = queued.found() {
        return call.found(by, recorded);
    }
    let until = sooner(deadline, clock::add(clock::now(), lease));
    if let Err(e) = call.by(until, call.shared.checked()).await {
        return call.away(e, true, deadline);
    }
    ask(call, queued, deadline).await
}

/// Asks the store until it has an answer other than "busy".
async fn ask(mut call: StoredCall, queued: QueuedCall, deadline: Option<Instant>) -> ClaimOutcome {
    let lease = call.request.lease;
    let mut pause = Pause::new();
    let mut waited = false;
    loop {
        let sent = clock::now();
        queued.asks(sent);
        let mut unanswered = Unanswered(Some(call.sent()));
        let until = sooner(deadline, clock::add(sent, lease));
        let step = call.shared.store().claim(&call.key, &call.request);
        let answer = match call.by(until, step).await {
            Ok(answer) => answer,
            Err(e) => return call.away(e, !waited, deadline),
        };
        let left = match answer {
            ClaimAnswer::Busy { left } => left,
            ClaimAnswer::Claimed { fence, taken_over } => {
                if taken_over {
                    call.tell(IdempotencyEvent::TakenOver);
                }
                let Some(held_from) = fresh(&call, sent).await else {
                    // It was ours for too short a time to begin. Given back first, or the next
                    // claim would meet this one.
                    let token = std::mem::replace(&mut call.request.token, Token::random());
                    let step = call.shared.store().release(&call.key, token);
                    let _ = call.by(clock::add(clock::now(), lease / 3), step).await;
                    continue;
                };
                unanswered.0 = None;
                queued.runs(clock::add(held_from, lease));
                return ClaimOutcome::Run(Lease::new(Arc::new(call), fence, held_from, queued));
            }
            ClaimAnswer::Done(recorded) => {
                unanswered.0 = None;
                // By the store's clock it may expire sooner: shared with the calls that wait
                // already, and with none that comes later.
                let until = clock::add(clock::now(), LONGEST_PAUSE);
                queued.share(call.request.fingerprint, recorded.clone(), until);
                return call.done(recorded);
            }
            refused => {
                unanswered.0 = None;
                return ClaimOutcome::Refuse(match refused {
                    ClaimAnswer::KeyReused => Cause::KeyReused,
                    ClaimAnswer::Indeterminate => Cause::Indeterminate,
                    _ => Cause::Full,
                });
            }
        };
        unanswered.0 = None;
        if is_own(&call).await {
            return ClaimOutcome::Refuse(Cause::Reentrant);
        }
        let now = clock::now();
        if !call.waits || deadline.is_some_and(|at| at <= now) {
            return StoredCall::in_progress(Some(left));
        }
        if !waited {
            call.tell(IdempotencyEvent::Waiting);
            waited = true;
        }
        let jittered = pause.get().mul_f64(rand::rng().random_range(0.75..=1.25));
        let until = clock::add(now, jittered.min(LONGEST_PAUSE).min(left));
        clock::sleep_until(sooner(deadline, until)).await;
        if deadline.is_some_and(|at| at <= clock::now()) {
            return StoredCall::in_progress(Some(left));
        }
        pause.grow();
    }
}

/// Whether the busy key is one that this very poll is under, over another handle of one store: only
/// its owner can renew it.
async fn is_own(call: &StoredCall) -> bool {
    let Some(own) = own_claim(&call.key) else {
        return false;
    };
    let (store, key) = (call.shared.store(), &call.key);
    let step = store.renew(key, own.token, own.lease, own.ttl);
    let until = clock::add(clock::now(), call.request.lease / 5);
    let ack = call.by(until, step).await;
    matches!(ack, Ok(Ack::Ok | Ack::NoRoom))
}

/// Returns the time from which the lease counts. An answer that took long is followed by a renewal;
/// `None` if that is refused, or nobody knows.
async fn fresh(call: &StoredCall, sent: Instant) -> Option<Instant> {
    let (request, store) = (&call.request, call.shared.store());
    let lease = request.lease;
    if clock::now() < clock::add(sent, lease / 3) {
        return Some(sent);
    }
    let again = clock::now();
    let step = store.renew(&call.key, request.token, lease, request.ttl);
    match call.by(clock::add(again, lease / 3), step).await {
        Ok(Ack::Ok | Ack::NoRoom) => Some(again),
        Ok(Ack::LeaseLost) | Err(_) => None,
    }
}

fn sooner(deadline: Option<Instant>, other: Instant) -> Instant {
    deadline.map_or(other, |at| at.min(other))
}

/// Gives a claim back when it is dropped without an answer, whatever becomes of the future that
/// sent it: no body began under it.
struct Unanswered(Option<SentClaim>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(claim) = self.0.take() {
            give_back(claim);
        }
    }
}
