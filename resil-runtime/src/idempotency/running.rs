//! The body under its claim, and the heartbeat beside it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use super::begin::{Begin, Beginning};
use super::claim::{Claim, Held, Stage};
use super::ledger::LeaseLost;
#[cfg(feature = "store")]
use super::shared::tenure::Tenure;
use super::store::Outcome as Recorded;
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
        state: State<'a, T, E>,
    }
}

enum State<'a, T, E> {
    Beginning(Beginning<'a, T, E>),
    Claimed {
        claim: Claim<'a, T, E>,
        // Made once the body was pending; boxed, as a timer is larger than most bodies.
        heartbeat: Option<Pin<Box<Sleep>>>,
    },
    #[cfg(feature = "store")]
    Held(Box<Tenure<'a, T, E>>),
    Over,
}

impl<T, E, F> std::fmt::Debug for Running<'_, T, E, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl<'a, T, E> Beginning<'a, T, E> {
    /// Begins, and runs `inside` if the key is this call's: all attempts of the call, each watched
    /// by [`watch`](crate::call::watch) with the mark that was given to `begin`.
    ///
    /// Prefer this to a `match` on [`Begin`]: that holds a `T` across the await, and makes the
    /// future of a `T` that is not `Send` not `Send`.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            state: State::Beginning(self),
        }
    }
}

impl<'a, T, E> Claim<'a, T, E> {
    /// Runs `inside` under the claim: as [`Beginning::run`] does, where the answer was looked at.
    pub fn run<F>(self, inside: F) -> Running<'a, T, E, F> {
        Running {
            inside: Some(inside),
            state: State::Claimed {
                claim: self,
                heartbeat: None,
            },
        }
    }
}

impl<T, E, F> Future for Running<'_, T, E, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    type Output = Outcome<T, E, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let State::Beginning(beginning) = this.state {
            let begin = ready!(Pin::new(beginning).poll(cx));
            *this.state = State::Over;
            let answer = match begin {
                Begin::Run(claim) => {
                    *this.state = State::Claimed {
                        claim,
                        heartbeat: None,
                    };
                    None
                }
                #[cfg(feature = "store")]
                Begin::Hold(tenure) => {
                    *this.state = State::Held(tenure.0);
                    None
                }
                Begin::Replay(value) => Some(value.map_err(Failure::Body)),
                Begin::Refuse(refusal) => Some(Err(Failure::Policy(refusal))),
            };
            if let Some(answer) = answer {
                this.inside.set(None);
                return Poll::Ready(answer);
            }
        }
        #[cfg(feature = "store")]
        if let State::Held(tenure) = this.state {
            return tenure.poll(this.inside, cx);
        }
        let (State::Claimed { claim, heartbeat }, Some(inside)) =
            (&mut *this.state, this.inside.as_mut().as_pin_mut())
        else {
            unreachable!("an idempotent call was polled again after it had answered")
        };
        let held = &mut claim.held;
        // Before the body: an owner whose key was taken over must not go one step further.
        if let Some(beat) = heartbeat
            && let Poll::Ready(LeaseLost) = beat_on(held, beat, cx)
        {
            this.inside.set(None);
            return Poll::Ready(Err(Failure::Policy(held.lost())));
        }
        let Poll::Ready(out) = held.under(|| inside.poll(cx)) else {
            if heartbeat.is_none() {
                let beat = heartbeat.insert(Box::pin(clock::sleep_until(held.due())));
                if let Poll::Ready(LeaseLost) = beat_on(held, beat, cx) {
                    this.inside.set(None);
                    return Poll::Ready(Err(Failure::Policy(held.lost())));
                }
            }
            return Poll::Pending;
        };
        let (gate, limit) = (&claim.gate, held.store.max_result());
        match &out {
            Ok(_) if held.mark.forgets_ok() => {}
            Ok(value) => {
                held.stage = Stage::Recording;
                let bytes = ((gate.ok)().encode)(value, limit);
                held.complete(Recorded::Ok, bytes);
            }
            Err(Failure::Body(e))
                if held.mark.stores_error() && !held.mark.attempt_was_dropped() =>
            {
                if let Some(both) = gate.err {
                    held.stage = Stage::Recording;
                    held.complete(Recorded::Err, (both().encode)(e, limit));
                }
            }
            Err(_) => {}
        }
        // What is inside may hold attempts that only its drop cuts.
        this.inside.set(None);
        if held.stage == Stage::Open {
            held.failed();
        }
        Poll::Ready(out)
    }
}

/// Renews the claim as often as it is due; ready when it is refused.
fn beat_on(
    held: &mut Held<'_>,
    beat: &mut Pin<Box<Sleep>>,
    cx: &mut Context<'_>,
) -> Poll<LeaseLost> {
    loop {
        // Unconstrained: a body that uses up the task's budget must not starve its own lease.
        ready!(Pin::new(&mut unconstrained(beat.as_mut())).poll(cx));
        if let Err(lost) = held.renew() {
            return Poll::Ready(lost);
        }
        beat.as_mut().reset(held.due());
    }
}

/// The outcome of what is inside, looked at: whether it is an `Ok` to be forgotten, or an error to be
/// stored.
#[doc(hidden)]
#[inline]
pub fn weigh<T, E>(
    out: Outcome<T, E>,
    mark: &CallState,
    forgets: impl FnOnce(&T) -> bool,
    keeps: impl FnOnce(&E) -> bool,
) -> Outcome<T, E> {
    mark.set_inverted(match &out {
        Ok(value) => forgets(value),
        Err(Failure::Body(e)) => keeps(e),
        Err(_) => false,
    });
    out
}
