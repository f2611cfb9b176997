//! Begins a call on the store in memory: the call claims its key, waits for the owner of the key,
//! or gets an answer at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::active_claims;
use super::codec::{JSON, ResultFns};
use super::held_claim::{HeldClaim, Lease, Stage};
use super::key::{Fingerprint, Key, KeyRef, PreparedFingerprint, PreparedKey, Scope};
use super::keyed_call::KeyedCall;
use super::memory::MemoryStore;
use super::policy::{Conflict, IdempotentPolicy};
use super::records::{Answer, Token};
use super::store::Recorded;
use super::timer::{Driver, TASK, Timer};
use super::waiters::{HEAD_START, QueuedWaiter, Signal};
use crate::blocking::Parked;
use crate::call::{Failure, Outcome};
use crate::cancel::{Stop, stopped};
use crate::clock::{self, Instant};
use crate::deadline::Deadline;
use crate::error::Refusal;
use crate::error::idempotency::Cause;
use crate::event::StopReason;
use crate::event::idempotency::IdempotencyEvent;
use crate::sync::broken;

/// The answer of the store to a call: it says how the call goes on.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "the claim in it is given up when it is dropped"]
pub enum ClaimOutcome<'a, T, E> {
    /// The call has claimed the key: the body is to be run under the claim.
    Run(HeldClaim<'a, T, E>),
    /// The recorded outcome.
    Replay(Result<T, E>),
    /// The call is refused: there is nothing to run and nothing to replay.
    Refuse(Refusal),
}

/// The future of a claim: see [`SiteOf::begin`](super::site::SiteOf::begin).
#[doc(hidden)]
#[must_use = "futures do nothing unless polled"]
pub struct ClaimFuture<'a, T, E> {
    store: &'static MemoryStore,
    policy: &'a IdempotentPolicy,
    fns: ResultFns<T, E>,
    call: KeyedCall<'a>,
    state: State,
    // Boxed: few calls wait.
    wait: Option<Box<Wait>>,
}

impl<T, E> std::fmt::Debug for ClaimFuture<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimFuture").finish_non_exhaustive()
    }
}

enum State {
    Refused(Box<(&'static str, Cause)>),
    /// The outcome that the call found as it began, and the name that the key belongs to.
    Found(&'static str, Arc<Recorded>),
    Asking(Arc<Key>, Option<Fingerprint>),
    Answered,
}

/// A call that has looked for the outcome of its key, and has claimed nothing.
pub(super) struct Begun {
    state: State,
    /// The part of the key's hash that events show.
    pub(super) shown: u32,
}

impl Begun {
    /// Looks for the outcome of the key. Only if there is none is the key put on the heap: to
    /// replay an outcome takes no more than a look.
    ///
    /// A key that the call's own task has claimed is not looked for. To ask for it is refused in
    /// the first poll.
    pub(super) fn new(
        store: &'static MemoryStore,
        scope: Scope,
        key: &PreparedKey,
        fingerprint: Option<PreparedFingerprint>,
    ) -> Self {
        let asked = key.parts().and_then(|parts| {
            let fingerprint = fingerprint.map(PreparedFingerprint::into_bytes);
            let fingerprint = fingerprint.transpose()?;
            Ok((parts, fingerprint.map(|bytes| Fingerprint::new(&bytes))))
        });
        let (parts, fingerprint) = match asked {
            Ok(asked) => asked,
            Err(cause) => {
                let state = State::Refused(Box::new((scope.name, cause)));
                return Self { state, shown: 0 };
            }
        };
        let key = KeyRef::new(scope, parts);
        let found = if active_claims::holds(store, &key) {
            None
        } else {
            store.find_done(&key, fingerprint.as_ref())
        };
        Self {
            state: match found {
                Some(recorded) => State::Found(scope.name, recorded),
                None => State::Asking(Arc::new(key.to_key()), fingerprint),
            },
            shown: key.shown(),
        }
    }
}

/// The wait of a call whose key another call has claimed.
struct Wait {
    waiter: QueuedWaiter,
    /// The deadline in force when the call began to wait.
    deadline: Option<Instant>,
    /// Fires at the soonest of the deadline, the end of the owner's lease, and the end of another
    /// waiter's head start. The lease counts since an owner may vanish without a sign. Each waiter
    /// has a timer of its own, since one whose task is not polled must not hold up the others.
    timer: Timer,
    stop: Stop,
}

impl Wait {
    /// Polls the wait. Ready when the store is to be asked again.
    fn is_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.waiter.signal(cx.waker()) {
            Signal::Now => return Poll::Ready(()),
            Signal::Soon => {
                let soon = clock::add(self.timer.now(), HEAD_START);
                if soon < self.timer.deadline() {
                    self.timer.reset(soon);
                }
            }
            Signal::Wait => {}
        }
        self.timer.poll(cx)
    }
}

/// The next step of a call that found its key claimed.
enum Next {
    AskAgain,
    Wait,
    Refuse(Cause),
    /// The wait is ended from outside.
    Stop(StopReason),
}

impl<'a, T, E> Future for ClaimFuture<'a, T, E> {
    type Output = ClaimOutcome<'a, T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ClaimOutcome<'a, T, E>> {
        self.poll_with(cx, &TASK)
    }
}

impl<'a, T, E> ClaimFuture<'a, T, E> {
    pub(super) fn new(
        store: &'static MemoryStore,
        policy: &'a IdempotentPolicy,
        begun: Begun,
        fns: ResultFns<T, E>,
        call: KeyedCall<'a>,
    ) -> Self {
        Self {
            store,
            policy,
            fns,
            call,
            state: begun.state,
            wait: None,
        }
    }

    /// Polls the claim of a call that waits as `driver` says.
    pub(super) fn poll_with(
        &mut self,
        cx: &mut Context<'_>,
        driver: &Driver,
    ) -> Poll<ClaimOutcome<'a, T, E>> {
        self.call.asks();
        let (name, answer) = match std::mem::replace(&mut self.state, State::Answered) {
            State::Found(name, recorded) => {
                let replay = self.replay(name, &recorded);
                (name, replay.map(ClaimOutcome::Replay))
            }
            State::Asking(key, fingerprint) => {
                let name = key.name();
                (name, ready!(self.ask(key, fingerprint, cx, driver)))
            }
            State::Refused(refused) => (refused.0, Err(refused.1)),
            State::Answered => panic!("polled after it was done"),
        };
        // Leaves the queue now. If this waiter was called and has not claimed, the next one is
        // called.
        self.wait = None;
        Poll::Ready(
            answer.unwrap_or_else(|cause| ClaimOutcome::Refuse(self.call.refuse(name, cause))),
        )
    }

    /// Returns for how long the call waits, unless it is called before; `None` if it does not wait.
    pub(super) fn waits(&self) -> Option<Parked> {
        self.wait.as_ref().map(|wait| {
            let now = wait.timer.now();
            Parked {
                left: Some(wait.timer.deadline().saturating_duration_since(now)),
                // The owner's lease is renewed as long as its body runs.
                longest: wait.deadline.map(|at| at.saturating_duration_since(now)),
            }
        })
    }

    /// Returns the call.
    pub(super) fn call(&self) -> KeyedCall<'a> {
        self.call
    }

    /// Returns the answer of a call that found the outcome of its key as it began; `None` if it is
    /// to be polled. The answer of a replay is ready at once, and goes no detour.
    #[inline]
    pub(super) fn found(&mut self) -> Option<Outcome<T, E, Refusal>> {
        let State::Found(name, recorded) = &self.state else {
            return None;
        };
        self.call.asks();
        let replay = self.replay(name, recorded);
        Some(match replay {
            Ok(value) => value.map_err(Failure::Body),
            Err(cause) => Err(Failure::Policy(self.call.refuse(name, cause))),
        })
    }

    fn replay(&self, name: &'static str, recorded: &Recorded) -> Result<Result<T, E>, Cause> {
        let (ok, err) = (self.fns.ok, self.fns.err);
        let (ok, err) = (ok().decode, err.map(|err| err().decode));
        self.call.replay(name, JSON, recorded, ok, err)
    }

    fn ask(
        &mut self,
        key: Arc<Key>,
        fingerprint: Option<Fingerprint>,
        cx: &mut Context<'_>,
        driver: &Driver,
    ) -> Poll<Result<ClaimOutcome<'a, T, E>, Cause>> {
        if active_claims::holds(self.store, &key.looked_for()) {
            return Poll::Ready(Err(Cause::Reentrant));
        }
        if let Some(wait) = &mut self.wait {
            if wait.is_over(cx).is_pending() {
                if let Some(reason) = wait.stop.poll(cx) {
                    return Poll::Ready(Ok(self.stop(key.name(), reason)));
                }
                self.state = State::Asking(key, fingerprint);
                return Poll::Pending;
            }
            wait.waiter.asks();
        }
        let mut request = self.policy.request(fingerprint);
        request.lease = (driver.lease)(request.lease);
        Poll::Ready(loop {
            let ahead = self.wait.as_ref().map(|wait| wait.timer.ahead());
            let now = clock::add(self.store.now(), ahead.unwrap_or_default());
            let lease_end = match self.store.claim_at(now, &key, &request) {
                Some(Answer::Busy { lease_end }) => lease_end,
                Some(Answer::Claimed {
                    fence, taken_over, ..
                }) => {
                    if taken_over {
                        self.call.tell(key.name(), IdempotencyEvent::TakenOver);
                    }
                    break Ok(ClaimOutcome::Run(self.claimed(key, request.token, fence)));
                }
                Some(Answer::Done(recorded)) => {
                    let replay = self.replay(key.name(), &recorded);
                    break replay.map(ClaimOutcome::Replay);
                }
                Some(Answer::KeyReused) => break Err(Cause::KeyReused),
                Some(Answer::Indeterminate) => break Err(Cause::Indeterminate),
                Some(Answer::NoRoom) | None => break Err(Cause::Full),
            };
            match self.met(&key, lease_end, cx, driver) {
                Next::AskAgain => {}
                Next::Refuse(cause) => break Err(cause),
                Next::Stop(reason) => break Ok(self.stop(key.name(), reason)),
                Next::Wait => {
                    self.state = State::Asking(key, request.fingerprint);
                    return Poll::Pending;
                }
            }
        })
    }

    /// Decides the next step of a call whose key has an owner. The owner's lease ends at
    /// `lease_end`, unless it is renewed.
    fn met(
        &mut self,
        key: &Arc<Key>,
        lease_end: Instant,
        cx: &mut Context<'_>,
        driver: &Driver,
    ) -> Next {
        let now = clock::now();
        // An owner that blocks its thread has a lease without an end.
        let left = lease_end
            .saturating_duration_since(now)
            .min(self.policy.lease);
        let in_progress = Next::Refuse(Cause::InProgress(Some(left)));
        let Some(wait) = &mut self.wait else {
            let deadline = Deadline::current().map(Deadline::instant);
            if self.policy.conflict == Conflict::Reject || deadline.is_some_and(|at| at <= now) {
                return in_progress;
            }
            if let Some(reason) = stopped() {
                return Next::Stop(reason);
            }
            let Some(mut waiter) = self.store.waiters.enter(key) else {
                return in_progress;
            };
            waiter.signal(cx.waker());
            self.wait = Some(Box::new(Wait {
                waiter,
                deadline,
                timer: (driver.timer)(sooner(deadline, lease_end)),
                stop: Stop::new(),
            }));
            self.call.tell(key.name(), IdempotencyEvent::Waiting);
            // Asks once more from the queue: the owner may have ended before this waiter was in it,
            // and has not called it.
            return if broken("ask_again") {
                Next::Wait
            } else {
                Next::AskAgain
            };
        };
        if wait.deadline.is_some_and(|at| at <= wait.timer.now()) {
            return in_progress;
        }
        wait.waiter.go_on();
        let until = sooner(wait.deadline, lease_end);
        if wait.timer.deadline() != until {
            wait.timer.reset(until);
        }
        if wait.timer.poll(cx).is_ready() {
            return Next::AskAgain;
        }
        match wait.stop.poll(cx) {
            Some(reason) => Next::Stop(reason),
            None => Next::Wait,
        }
    }

    /// Refuses the call, whose wait was ended from outside.
    fn stop(&self, name: &'static str, reason: StopReason) -> ClaimOutcome<'a, T, E> {
        ClaimOutcome::Refuse(self.call.stop(name, reason))
    }

    fn claimed(&mut self, key: Arc<Key>, token: Token, fence: u64) -> HeldClaim<'a, T, E> {
        if let Some(wait) = self.wait.take() {
            wait.waiter.served();
        }
        self.call.has_claimed();
        HeldClaim {
            lease: Lease {
                store: self.store,
                key,
                policy: self.policy,
                token: token.to_ne_bytes(),
                call: self.call,
                fence,
                renewed: clock::now(),
                stage: Stage::Open,
            },
            fns: self.fns,
        }
    }
}

fn sooner(deadline: Option<Instant>, lease_end: Instant) -> Instant {
    deadline.map_or(lease_end, |at| at.min(lease_end))
}
