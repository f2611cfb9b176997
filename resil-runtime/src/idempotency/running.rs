//! The body under its claim in memory, and the heartbeat beside it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use super::claiming::{ClaimFuture, ClaimOutcome};
use super::held_claim::{HeldClaim, Lease, Stage};
use super::records::LeaseLost;
use super::store::Outcome as Recording;
use crate::call::CallState;
use crate::call::{Failure, Outcome};
use crate::clock::{self, Sleep};
use crate::error::Refusal;

pin_project! {
    /// Claims the key, runs what is inside under the claim and renews it at every third of its
    /// lease; or replays, or is refused, and what is inside is dropped unpolled.
    ///
    /// An `Ok` is recorded, but for one that is to be forgotten, and so is an `Err` that is to be
    /// stored. Any other outcome frees the key if no attempt under the claim was cut in mid-flight,
    /// and abandons it else. Dropped, or left by a panic, it abandons the key once a body began, and
    /// frees it before.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Running<'a, T, E, F> {
        // Before the claim: what is inside is gone when the key is abandoned.
        #[pin]
        inside: Option<F>,
        progress: Progress<'a, T, E>,
    }
}

/// How far a call is, beside the body that it runs.
pub struct Progress<'a, T, E>(State<'a, T, E>);

impl<T, E> std::fmt::Debug for Progress<'_, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

enum State<'a, T, E> {
    Claiming(ClaimFuture<'a, T, E>),
    Claimed {
        claim: HeldClaim<'a, T, E>,
        // Made once the body was pending; boxed, as a timer is larger than most bodies.
        heartbeat: Option<Pin<Box<Sleep>>>,
    },
    Over,
}

impl<T, E, F> std::fmt::Debug for Running<'_, T, E, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl<'a, T, E> ClaimFuture<'a, T, E> {
    /// Claims, and runs `inside` if the key is this call's: all attempts of the call, each watched
    /// by [`watch`](crate::call::watch) with the call's state that was given to `begin`.
    ///
    /// Prefer this to a `match` on [`ClaimOutcome`]: that holds a `T` across the await, and makes
    /// the future of a `T` that is not `Send` not `Send`.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            progress: self.progress(),
        }
    }

    /// The state of a call that has not claimed yet.
    pub fn progress(self) -> Progress<'a, T, E> {
        Progress(State::Claiming(self))
    }
}

impl<'a, T, E> HeldClaim<'a, T, E> {
    /// Runs `inside` under the claim: as [`ClaimFuture::run`] does, where the outcome was matched
    /// on.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            progress: Progress(State::Claimed {
                claim: self,
                heartbeat: None,
            }),
        }
    }
}

impl<T, E, F> Future for Running<'_, T, E, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    type Output = Outcome<T, E, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.progress.poll(this.inside, cx)
    }
}

impl<T, E> Progress<'_, T, E> {
    /// Polls the claim, and `inside` under it. `inside` is gone when the call has its outcome.
    pub fn poll<F>(
        &mut self,
        mut inside: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome<T, E, Refusal>>
    where
        F: Future<Output = Outcome<T, E, Refusal>>,
    {
        let Self(state) = self;
        if let State::Claiming(claiming) = state {
            let outcome = ready!(Pin::new(claiming).poll(cx));
            *state = State::Over;
            let answer = match outcome {
                ClaimOutcome::Run(claim) => {
                    *state = State::Claimed {
                        claim,
                        heartbeat: None,
                    };
                    None
                }
                ClaimOutcome::Replay(value) => Some(value.map_err(Failure::Body)),
                ClaimOutcome::Refuse(refusal) => Some(Err(Failure::Policy(refusal))),
            };
            if let Some(answer) = answer {
                inside.set(None);
                return Poll::Ready(answer);
            }
        }
        let (State::Claimed { claim, heartbeat }, Some(body)) =
            (state, inside.as_mut().as_pin_mut())
        else {
            unreachable!("an idempotent call was polled again after it had answered")
        };
        let lease = &mut claim.lease;
        // Before the body: an owner whose key was taken over must not go one step further.
        if let Some(beat) = heartbeat
            && let Poll::Ready(LeaseLost) = beat_on(lease, beat, cx)
        {
            inside.set(None);
            return Poll::Ready(Err(Failure::Policy(lease.lost())));
        }
        let Poll::Ready(out) = lease.under(|| body.poll(cx)) else {
            if heartbeat.is_none() {
                let beat = heartbeat.insert(Box::pin(clock::sleep_until(lease.due())));
                if let Poll::Ready(LeaseLost) = beat_on(lease, beat, cx) {
                    inside.set(None);
                    return Poll::Ready(Err(Failure::Policy(lease.lost())));
                }
            }
            return Poll::Pending;
        };
        let (fns, limit) = (claim.fns, lease.store.max_result());
        match lease.call.to_record(&out) {
            Some(Ok(value)) => {
                lease.stage = Stage::Recording;
                let bytes = ((fns.ok)().encode)(value, limit);
                lease.complete(Recording::Ok, bytes);
            }
            Some(Err(e)) => {
                if let Some(err) = fns.err {
                    lease.stage = Stage::Recording;
                    lease.complete(Recording::Err, (err().encode)(e, limit));
                }
            }
            None => {}
        }
        // What is inside may hold attempts that only its drop cuts.
        inside.set(None);
        if lease.stage == Stage::Open {
            lease.end(lease.call.unrecorded());
        }
        Poll::Ready(out)
    }
}

/// Renews the lease as often as it is due; ready when that is refused.
fn beat_on(
    lease: &mut Lease<'_>,
    beat: &mut Pin<Box<Sleep>>,
    cx: &mut Context<'_>,
) -> Poll<LeaseLost> {
    loop {
        // Unconstrained: a body that uses up the task's budget must not starve its own lease.
        ready!(Pin::new(&mut unconstrained(beat.as_mut())).poll(cx));
        if let Err(lost) = lease.renew() {
            return Poll::Ready(lost);
        }
        beat.as_mut().reset(lease.due());
    }
}

/// Notes whether an outcome is an `Ok` that is to be forgotten, or an error that is to be stored.
#[doc(hidden)]
#[inline]
pub fn weigh<T, E>(
    out: Outcome<T, E>,
    state: &CallState,
    forgets: impl FnOnce(&T) -> bool,
    keeps: impl FnOnce(&E) -> bool,
) -> Outcome<T, E> {
    state.set_inverted(match &out {
        Ok(value) => forgets(value),
        Err(Failure::Body(e)) => keeps(e),
        Err(_) => false,
    });
    out
}
