//! The body under its claim, and the heartbeat beside it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::unconstrained;

use super::claim::{Claim, Held, Stage};
use super::ledger::LeaseLost;
use crate::clock::{self, Sleep};
use crate::error::Refusal;
use crate::failure::{Failure, Outcome};

pin_project! {
    /// Runs what is inside under a claim, renewing it at every third of its lease.
    ///
    /// An `Ok` is recorded. An `Err` frees the key if no attempt under the claim was cut in
    /// mid-flight, and abandons it else. Dropped, or left by a panic, it abandons the key once a
    /// body began, and frees it before.
    #[doc(hidden)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Running<'a, T, F> {
        // Before the claim: what is inside is gone when the key is abandoned.
        #[pin]
        inside: Option<F>,
        claim: Claim<'a, T>,
        // Made once the body was pending; boxed, as a timer is larger than most bodies.
        heartbeat: Option<Pin<Box<Sleep>>>,
    }
}

impl<T, F> std::fmt::Debug for Running<'_, T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

impl<'a, T, F> Running<'a, T, F> {
    pub(super) fn new(claim: Claim<'a, T>, inside: F) -> Self {
        Self {
            inside: Some(inside),
            claim,
            heartbeat: None,
        }
    }
}

impl<T, E, F> Future for Running<'_, T, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    type Output = Outcome<T, E, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let held = &mut this.claim.held;
        // Before the body: an owner whose key was taken over must not go one step further.
        if let Some(beat) = this.heartbeat
            && let Poll::Ready(LeaseLost) = beat_on(held, beat, cx)
        {
            this.inside.set(None);
            return Poll::Ready(Err(Failure::Policy(held.lost())));
        }
        let Some(inside) = this.inside.as_mut().as_pin_mut() else {
            panic!("polled after it was done");
        };
        let Poll::Ready(out) = inside.poll(cx) else {
            if this.heartbeat.is_none() {
                let beat = this
                    .heartbeat
                    .insert(Box::pin(clock::sleep_until(held.due())));
                if let Poll::Ready(LeaseLost) = beat_on(held, beat, cx) {
                    this.inside.set(None);
                    return Poll::Ready(Err(Failure::Policy(held.lost())));
                }
            }
            return Poll::Pending;
        };
        if let Ok(value) = &out {
            held.stage = Stage::Recording;
            let bytes = (this.claim.codec.encode)(value, held.store.max_result());
            held.complete(bytes);
            this.inside.set(None);
        } else {
            // What is inside may hold attempts that only its drop cuts.
            this.inside.set(None);
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
