//! How a call on a shared store begins: it waits for its turn in this process, asks the store,
//! polls it while another process holds the key, and gets the key, a result, or a refusal.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rand::RngExt;
use tokio::runtime::Handle;

use super::Shared;
use super::flight::{Seat, Turn, within};
use super::owner::{Owner, clean_up};
use crate::call::CallId;
use crate::clock::{self, Instant};
use crate::deadline::Deadline;
use crate::event::{Event, emit};
use crate::idempotency::codec::Codec;
use crate::idempotency::error::IdempotencyError;
use crate::idempotency::event::IdempotencyEvent;
use crate::idempotency::policy::Conflict;
use crate::idempotency::store::{
    Ack, ClaimAnswer, ClaimRequest, Fingerprint, RecordKey, Recorded, StoreError, StoreErrorKind,
    StoreResult, Token,
};
use crate::idempotency::under::{self, HeldKey};

/// Between two looks at a key that another process holds: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// One call on a shared store.
pub(in crate::idempotency) struct Call {
    pub(in crate::idempotency) shared: Shared,
    pub(in crate::idempotency) key: RecordKey,
    pub(in crate::idempotency) request: ClaimRequest,
    pub(in crate::idempotency) conflict: Conflict,
    /// Which call of the function it is, if somebody listened when it began.
    pub(in crate::idempotency) id: Option<CallId>,
}

/// How it goes on.
pub(in crate::idempotency) enum Began {
    /// The key is the call's.
    Run(Owner),
    /// The store is away, and may be done without.
    Open,
    /// Recorded, and what is to decode it.
    Done(Recorded, Arc<dyn Codec>),
    Refuse(IdempotencyError),
}

impl Call {
    pub(super) fn held_key(&self) -> HeldKey {
        let held = (self.key, self.request);
        HeldKey::Shared(Arc::clone(&self.shared.live), Box::new(held))
    }

    pub(super) fn name(&self) -> &'static str {
        self.key.name()
    }

    pub(super) fn tell(&self, what: IdempotencyEvent) {
        emit(|| Event::Idempotency {
            name: self.name(),
            what,
            key: self.key.shown(),
            call: self.id,
        });
    }

    pub(super) fn silent(&self) -> StoreError {
        let store = self.shared.store.describe().to_owned();
        StoreError::new(store, StoreErrorKind::Unavailable, "no answer in time")
    }

    /// Bounds a step of the store.
    pub(super) async fn by<T>(
        &self,
        at: Instant,
        step: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        within(at, step).await.unwrap_or_else(|| Err(self.silent()))
    }

    fn in_progress(&self, left: Option<Duration>) -> Began {
        Began::Refuse(IdempotencyError::InProgress {
            name: self.name(),
            retry_in: left,
        })
    }

    fn away(&self, source: StoreError, may_open: bool, deadline: Option<Instant>) -> Began {
        // Past its deadline it is the caller that gave up: the store may be well, and hold the key.
        let may_open = may_open && deadline.is_none_or(|at| clock::now() < at);
        let transient = source.kind() == StoreErrorKind::Unavailable;
        if may_open && transient && self.shared.settings.open_on_outage {
            self.shared.ran_open();
            self.tell(IdempotencyEvent::RanOpen);
            return Began::Open;
        }
        Began::Refuse(IdempotencyError::Store {
            name: self.name(),
            source,
        })
    }

    fn done(&self, recorded: Recorded) -> Began {
        Began::Done(recorded, Arc::clone(&self.shared.settings.codec))
    }

    fn found(&self, by: Option<Fingerprint>, recorded: Recorded) -> Began {
        match (by, self.request.fingerprint) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Began::Refuse(IdempotencyError::KeyReused { name: self.name() })
            }
            _ => self.done(recorded),
        }
    }
}

/// Begins the call. Wherever it is polled, it must not wait for a claim that the poll is under.
pub(in crate::idempotency) async fn begin(call: Call) -> Began {
    let (name, key, live) = (call.name(), call.key, Arc::clone(&call.shared.live));
    let mut begun = pin!(begin_alone(call));
    poll_fn(move |cx| {
        if under::holds_on(&live, &key) {
            return Poll::Ready(Began::Refuse(IdempotencyError::Reentrant { name }));
        }
        begun.as_mut().poll(cx)
    })
    .await
}

async fn begin_alone(call: Call) -> Began {
    let lease = call.request.lease;
    let deadline = Deadline::current().map(Deadline::instant);
    let Some(mut seat) = call.shared.live.flights.enter(*call.key.hash(), lease) else {
        return call.in_progress(None);
    };
    if call.conflict == Conflict::Reject {
        if let Some(until) = seat.running() {
            let left = until.saturating_duration_since(clock::now());
            return call.in_progress(Some(left));
        }
        // Without a turn, if need be: the store answers at once, and nobody is waited for.
        seat.try_turn();
    } else if seat.found().is_none() && !seat.try_turn() {
        call.tell(IdempotencyEvent::Waiting);
        if seat.wait_for_turn(deadline).await == Turn::TimeUp {
            return call.in_progress(None);
        }
    }
    if let Some((by, recorded)) = seat.found() {
        return call.found(by, recorded);
    }
    let until = sooner(deadline, clock::add(clock::now(), lease));
    if let Err(e) = call.by(until, call.shared.checked()).await {
        return call.away(e, true, deadline);
    }
    ask(call, seat, deadline).await
}

/// Asks the store until it has an answer that is no "busy".
async fn ask(mut call: Call, seat: Seat, deadline: Option<Instant>) -> Began {
    let lease = call.request.lease;
    let mut pause = FIRST_PAUSE;
    let mut waited = false;
    loop {
        let sent = clock::now();
        seat.asks(sent);
        // Whatever becomes of this future: a claim that nobody knows of must not stay.
        let mut unknown = Unknown(Some(call.in_flight()));
        let until = sooner(deadline, clock::add(sent, lease));
        let step = call.shared.store.claim(&call.key, &call.request);
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
                    let step = call.shared.store.release(&call.key, token);
                    let _ = call.by(clock::add(clock::now(), lease / 3), step).await;
                    continue;
                };
                unknown.0 = None;
                seat.runs(clock::add(held_from, lease));
                return Began::Run(Owner::new(Arc::new(call), fence, held_from, seat));
            }
            ClaimAnswer::Done(recorded) => {
                unknown.0 = None;
                // By the store's clock it may expire sooner: shared with who waits already, and
                // with nobody who comes later.
                let until = clock::add(clock::now(), LONGEST_PAUSE);
                seat.share(call.request.fingerprint, recorded.clone(), until);
                return call.done(recorded);
            }
            refused => {
                unknown.0 = None;
                let name = call.name();
                return Began::Refuse(match refused {
                    ClaimAnswer::KeyReused => IdempotencyError::KeyReused { name },
                    ClaimAnswer::Indeterminate => IdempotencyError::Indeterminate { name },
                    _ => IdempotencyError::Full { name },
                });
            }
        };
        unknown.0 = None;
        if is_own(&call).await {
            return Began::Refuse(IdempotencyError::Reentrant { name: call.name() });
        }
        let now = clock::now();
        if call.conflict == Conflict::Reject || deadline.is_some_and(|at| at <= now) {
            return call.in_progress(Some(left));
        }
        if !waited {
            call.tell(IdempotencyEvent::Waiting);
            waited = true;
        }
        let jittered = pause.mul_f64(rand::rng().random_range(0.75..=1.25));
        let until = clock::add(now, jittered.min(LONGEST_PAUSE).min(left));
        clock::sleep_until(sooner(deadline, until)).await;
        if deadline.is_some_and(|at| at <= clock::now()) {
            return call.in_progress(Some(left));
        }
        pause = pause.mul_f64(1.6).min(LONGEST_PAUSE);
    }
}

/// Whether the busy key is one that this very poll is under, over another handle of one store: only
/// its owner can renew it.
async fn is_own(call: &Call) -> bool {
    let Some(own) = under::claim_on(&call.key) else {
        return false;
    };
    let step = call
        .shared
        .store
        .renew(&call.key, own.token, own.lease, own.ttl);
    let until = clock::add(clock::now(), call.request.lease / 5);
    let ack = call.by(until, step).await;
    matches!(ack, Ok(Ack::Ok | Ack::NoRoom))
}

/// From when on the lease counts. An answer that took long is followed by a renewal; `None` if
/// that is refused, or nobody knows.
async fn fresh(call: &Call, sent: Instant) -> Option<Instant> {
    let lease = call.request.lease;
    if clock::now() < clock::add(sent, lease / 3) {
        return Some(sent);
    }
    let again = clock::now();
    let step = call
        .shared
        .store
        .renew(&call.key, call.request.token, lease, call.request.ttl);
    match call.by(clock::add(again, lease / 3), step).await {
        Ok(Ack::Ok | Ack::NoRoom) => Some(again),
        Ok(Ack::LeaseLost) | Err(_) => None,
    }
}

fn sooner(deadline: Option<Instant>, other: Instant) -> Instant {
    deadline.map_or(other, |at| at.min(other))
}

/// A claim that was sent, and is not answered yet.
pub(super) struct InFlight {
    pub(super) shared: Shared,
    pub(super) key: RecordKey,
    pub(super) token: Token,
    pub(super) lease: Duration,
    pub(super) runtime: Handle,
}

impl Call {
    fn in_flight(&self) -> InFlight {
        InFlight {
            shared: self.shared.clone(),
            key: self.key,
            token: self.request.token,
            lease: self.request.lease,
            runtime: Handle::current(),
        }
    }
}

/// Gives the claim back when it is dropped without an answer: no body began under it.
struct Unknown(Option<InFlight>);

impl Drop for Unknown {
    fn drop(&mut self) {
        if let Some(claim) = self.0.take() {
            clean_up(claim);
        }
    }
}
