//! Claims, runs and records in a function that is not async: the call blocks its thread.

use std::task::{Context, Poll};

use super::claiming::{ClaimFuture, ClaimOutcome};
use super::held_claim::HeldClaim;
use super::timer::THREAD;
use crate::blocking;
use crate::call::{Failure, Outcome, Site};
use crate::error::Refusal;

impl<T, E> ClaimFuture<'_, T, E> {
    /// Claims the key, and runs `inside` if this call gets it, as [`run`](Self::run) does. While
    /// another call holds the key, the thread is parked. `site` is the function's.
    pub fn block<F>(mut self, site: &'static Site, inside: F) -> Outcome<T, E, Refusal>
    where
        F: FnOnce() -> Outcome<T, E, Refusal>,
    {
        if let Some(answer) = self.found() {
            return answer;
        }
        let waker = blocking::unparker();
        let mut cx = Context::from_waker(&waker);
        let outcome = loop {
            if let Poll::Ready(outcome) = self.poll_with(&mut cx, &THREAD) {
                break outcome;
            }
            if let Some(parked) = self.waits() {
                let call = self.call();
                parked.tell_and_park(site, || call.id_for_event());
            }
        };
        match outcome {
            ClaimOutcome::Run(claim) => claim.block(inside),
            ClaimOutcome::Replay(value) => value.map_err(Failure::Body),
            ClaimOutcome::Refuse(refusal) => Err(Failure::Policy(refusal)),
        }
    }
}

impl<T, E> HeldClaim<'_, T, E> {
    fn block<F>(mut self, inside: F) -> Outcome<T, E, Refusal>
    where
        F: FnOnce() -> Outcome<T, E, Refusal>,
    {
        let out = self.lease.under(inside);
        self.record(&out);
        self.end();
        out
    }
}
