//! Runs the body under its claim in memory, with the heartbeat beside it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use super::claiming::{ClaimFuture, ClaimOutcome};
use super::held_claim::{HeldClaim, Lease};
use super::records::LeaseLost;
use crate::call::CallState;
use crate::call::{Failure, Outcome, Site};
use crate::clock::{self, Sleep};
use crate::error::Refusal;
use crate::spans::cut;

pin_project! {
    /// Claims the key, runs `inside` under the claim, and renews the claim at every third of its
    /// lease. A call that is answered by a replay or a refusal drops `inside` unpolled.
    ///
    /// An `Ok` is recorded unless it is to be forgotten, and an error of the body if it is to be
    /// stored. Any other outcome ends the claim without a result: the claim is abandoned if an
    /// attempt under it was cut, and else released, which frees the key.
    ///
    /// If the future is dropped, or left by a panic, the claim is abandoned once a body was polled,
    /// and released before.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Running<'a, T, E, F> {
        // The first field, so that it is dropped before the claim: when the claim is abandoned, no
        // body may still be there.
        #[pin]
        inside: Option<F>,
        progress: Progress<'a, T, E>,
    }
}

/// The progress of a call: everything in [`Running`] but the body.
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
        // Made only once the body is pending. Boxed, as a timer is larger than most bodies.
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
    /// Claims the key, and runs `inside` if this call gets it. `inside` holds all attempts of the
    /// call, each watched by [`watch`](crate::call::watch) with the call's state that was given to
    /// `begin`.
    ///
    /// Prefer this to a `match` on [`ClaimOutcome`]. The `match` holds a `T` across the await, so
    /// that the future is not `Send` where `T` is not.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            progress: self.progress(),
        }
    }

    /// Returns the progress of a call that has not claimed yet.
    pub fn progress(self) -> Progress<'a, T, E> {
        Progress(State::Claiming(self))
    }
}

impl<'a, T, E> HeldClaim<'a, T, E> {
    /// Runs `inside` under the claim, as [`ClaimFuture::run`] does. For a caller that has matched
    /// on [`ClaimOutcome`] itself.
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
    /// Claims the key by blocking the thread, and runs `inside` under the claim: see
    /// [`ClaimFuture::block`].
    ///
    /// # Panics
    ///
    /// If it was polled before.
    pub fn block(
        self,
        site: &'static Site,
        inside: impl FnOnce() -> Outcome<T, E, Refusal>,
    ) -> Outcome<T, E, Refusal> {
        match self.0 {
            State::Claiming(claim) => claim.block(site, inside),
            State::Claimed { .. } | State::Over => unreachable!("nobody polls it before"),
        }
    }

    /// Polls the claim, and then `inside` under it. When this is ready, `inside` has been dropped.
    ///
    /// # Panics
    ///
    /// If it is polled again after that.
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
            if let Some(answer) = claiming.found() {
                *state = State::Over;
                inside.set(None);
                return Poll::Ready(answer);
            }
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
        // Beats before the body is polled: the body of an owner whose key was taken over must not
        // take another step.
        if let Some(beat) = heartbeat
            && let Poll::Ready(LeaseLost) = beat_on(lease, beat, cx)
        {
            drop_lost(|| inside.set(None));
            return Poll::Ready(Err(Failure::Policy(lease.lost())));
        }
        let Poll::Ready(out) = lease.under(|| body.poll(cx)) else {
            if heartbeat.is_none() {
                let beat = heartbeat.insert(Box::pin(clock::sleep_until(lease.due())));
                if let Poll::Ready(LeaseLost) = beat_on(lease, beat, cx) {
                    drop_lost(|| inside.set(None));
                    return Poll::Ready(Err(Failure::Policy(lease.lost())));
                }
            }
            return Poll::Pending;
        };
        claim.record(&out);
        // Dropped before the end is chosen: `inside` may hold an attempt that is cut only by this.
        inside.set(None);
        claim.end();
        Poll::Ready(out)
    }
}

/// Runs `drop`, which drops the attempt of a call whose key was taken over.
pub fn drop_lost(drop: impl FnOnce()) {
    cut::by("idempotent", drop);
}

/// Renews the lease whenever that is due. Ready when a renewal is refused: the key was taken over.
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

/// Notes in `state` whether an outcome is an `Ok` that is to be forgotten, or an error of the body
/// that is to be stored. Returns the outcome unchanged.
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
