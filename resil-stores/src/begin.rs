//! Begins a call on a store. The call waits for its turn in this process, asks the store, and asks
//! again while another process holds the key. It ends with a claim, a recorded result, or a
//! refusal.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rand::RngExt;
use resil_runtime::__private::stores::{Cause, until_stopped};
use resil_runtime::Deadline;
use resil_runtime::clock::{self, Instant};
use resil_runtime::event::StopReason;
use resil_runtime::idempotency::store::{
    Ack, ClaimAnswer, Recorded, StoreError, StoreErrorKind, Token,
};
use resil_runtime::idempotency::{Codec, IdempotencyEvent};

use crate::call::{SentClaim, StoredCall, is_under, own_claim};
use crate::key_queue::{Known, QueuedCall, Turn};
use crate::lease::{Lease, give_back};
use crate::pause::{LONGEST_PAUSE, Pause};

/// The answer to a call: it says how the call goes on.
pub(crate) enum ClaimOutcome {
    /// The call has claimed the key: the body is to be run under the claim.
    Run(Lease),
    /// The store is away, and `open_on_outage` is set: the body is to be run unprotected.
    RunOpen,
    /// The recorded outcome, and the codec that reads it.
    Done(Recorded, Arc<dyn Codec>),
    /// The call is refused: there is nothing to run and nothing to replay.
    Refuse(Cause),
    /// The wait of the call was ended from outside.
    Stop(StopReason),
}

impl StoredCall {
    fn in_progress(left: Option<Duration>) -> ClaimOutcome {
        ClaimOutcome::Refuse(Cause::InProgress(left))
    }

    fn away(&self, source: StoreError, may_open: bool, deadline: Option<Instant>) -> ClaimOutcome {
        // Past the deadline it is the caller that gave up: the store may be well, and the key may
        // be claimed in it.
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

    fn known(&self, answer: Known) -> ClaimOutcome {
        match answer {
            Known::Done(recorded) => self.done(recorded),
            Known::KeyReused => ClaimOutcome::Refuse(Cause::KeyReused),
        }
    }
}

/// Begins the call. Each poll first looks at the claims that it runs under: a call that waited for
/// one of them would wait for itself, and is refused.
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
    let queues = &call.shared.live.queues;
    let Some(mut queued) = queues.enter(*call.key.hash(), &call.request) else {
        return StoredCall::in_progress(None);
    };
    if !call.waits {
        if let Some(until) = queued.running() {
            let left = until.saturating_duration_since(clock::now());
            return StoredCall::in_progress(Some(left));
        }
        // It asks the store even without a turn: the call waits for nobody, and one question more
        // does no harm.
        queued.try_turn();
    } else if queued.known().is_none() && !queued.try_turn() {
        call.tell(IdempotencyEvent::Waiting);
        match until_stopped(queued.wait_for_turn(deadline)).await {
            Ok(Turn::TimeUp) => return StoredCall::in_progress(None),
            Ok(_) => {}
            Err(reason) => return ClaimOutcome::Stop(reason),
        }
    }
    if let Some(answer) = queued.known() {
        return call.known(answer);
    }
    let until = sooner(deadline, clock::add(clock::now(), lease));
    if let Err(e) = call.by(until, call.shared.checked()).await {
        return call.away(e, !queued.was_behind_owner(), deadline);
    }
    ask(call, queued, deadline).await
}

/// Asks the store until its answer is not [`Busy`](ClaimAnswer::Busy), or the call may wait no
/// longer.
async fn ask(mut call: StoredCall, queued: QueuedCall, deadline: Option<Instant>) -> ClaimOutcome {
    let lease = call.request.lease;
    let mut pause = Pause::new();
    let mut waited = false;
    // Nothing runs unprotected beside an owner that is known, here or in another process.
    let mut owner_known = queued.was_behind_owner();
    loop {
        let sent = clock::now();
        queued.asks(sent);
        let mut unanswered = Unanswered(Some(call.sent()));
        let until = sooner(deadline, clock::add(sent, lease));
        let step = call.shared.store().claim(&call.key, &call.request);
        let answer = match call.by(until, step).await {
            Ok(answer) => answer,
            Err(e) => return call.away(e, !owner_known, deadline),
        };
        let left = match answer {
            ClaimAnswer::Busy { left } => left,
            ClaimAnswer::Claimed { fence, taken_over } => {
                if taken_over {
                    call.tell(IdempotencyEvent::TakenOver);
                }
                let Some(held_from) = fresh(&call, sent).await else {
                    // The lease may be nearly over, so no body may begin under it. The claim is
                    // given back first, or the next one would find the key claimed.
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
                // The record may expire soon, by the store's clock. So it is shared only for as
                // long as the calls need that wait already.
                let until = clock::add(clock::now(), LONGEST_PAUSE);
                queued.share(recorded.clone(), until);
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
        owner_known = true;
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
        let pause_over = clock::sleep_until(sooner(deadline, until));
        if let Err(reason) = until_stopped(pause_over).await {
            return ClaimOutcome::Stop(reason);
        }
        if deadline.is_some_and(|at| at <= clock::now()) {
            return StoredCall::in_progress(Some(left));
        }
        pause.grow();
    }
}

/// Returns whether the busy key is claimed by the body that this poll is under, over another handle
/// of the same store. It asks the store to renew the claim, which only the owner's token can.
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

/// Returns the time from which the lease of a new claim counts. If the answer to the claim took a
/// third of the lease or longer, the claim is renewed first; `None` if the renewal is refused or
/// gets no answer.
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

/// Gives a claim back that was sent and not answered, also when the future that sent it is dropped.
/// No body has begun under it.
struct Unanswered(Option<SentClaim>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(claim) = self.0.take() {
            give_back(claim);
        }
    }
}
