//! The first poll of a call: straight down and up again, as long as all goes well.
//!
//! It is compiled for each closure, as the good path of generated code is. Once a layer refuses, the closure
//! fails or has to wait, a [`Walk`] takes over where the call then stands. A stack with other layers than a
//! circuit, a retry and timeouts is a walk from the top.

use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::body::{Bare, Body, refused};
use super::held::record;
use super::layer::Layer;
use super::outline::Plan;
use super::walk::{Next, Step, Walk};
use crate::circuit::permit::Permit;
use crate::clock::Instant;
use crate::deadline::{AmbientFrame, Kept};
use crate::retry::RetryPolicy;
use crate::retry::attempt::Restore;
use crate::retry::state::{Retry, began};

/// Polls a call. Returns `None` if it has succeeded at once.
#[inline(always)]
pub(super) fn poll<'c, B: Body>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    body: &mut B,
    cx: &mut Context<'_>,
) -> Option<Poll<Step>> {
    match &mut *walk.0 {
        None => first(walk, plan, body, cx),
        Some(walk) => Some(walk.as_mut().poll(body, cx)),
    }
}

/// The walk of a call, once it has one. It is boxed: a future is moved before it is polled, and most of it
/// would be the room for a walk.
// Without the drop code that a `Box` brings: each call would run it.
pub(super) struct Later<'c>(ManuallyDrop<Option<Pin<Box<Walk<'c>>>>>);

impl<'c> Later<'c> {
    pub(super) const fn new() -> Self {
        Self(ManuallyDrop::new(None))
    }

    /// Makes the walk of a call that goes through other layers than a circuit, a retry and timeouts.
    #[cold]
    #[inline(never)]
    pub(super) fn walk(plan: Plan<'c>) -> Self {
        Self(ManuallyDrop::new(Some(Box::pin(Walk::from_the_top(plan)))))
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self) {
        drop(ManuallyDrop::into_inner(mem::replace(
            &mut self.0,
            ManuallyDrop::new(None),
        )));
    }
}

impl Drop for Later<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.end();
        }
    }
}

/// A value, for the layers that a success goes through.
const GOOD: Bare = Ok(());

#[inline(always)]
fn first<'c, B: Body>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    body: &mut B,
    cx: &mut Context<'_>,
) -> Option<Poll<Step>> {
    let (shape, state, call) = (plan.shape, plan.state, plan.call);
    let outline = &shape.outline;
    let permit = match shape.places.get(outline.circuit) {
        Some(Layer::Circuit(policy)) => match state.circuit.admit(Some(policy), call) {
            Ok(permit) => Some(permit),
            Err(refusal) => {
                // A refusal takes no time: the limits around the circuit have not begun to count.
                let out = refused(refusal);
                let Some(retry) = retry_around(plan) else {
                    return Some(Poll::Ready(Step::Done(out)));
                };
                let next = Next::Up(outline.circuit, out);
                return Some(go_on(walk, plan, (Some(retry), None), next, None, body, cx));
            }
        },
        _ => None,
    };
    let retry = match shape.places.get(outline.retry) {
        Some(Layer::Retry(policy)) => Some((policy, began(policy))),
        _ => None,
    };
    // One level for all timeouts: the shortest limit is all that is seen of them.
    let kept = Kept::new();
    let level = AmbientFrame::unstarted(outline.limit, &kept);
    let polled = {
        let under = permit.as_ref().map(Permit::polling);
        let attempt = retry.map(|_| Restore::enter(&state.retry));
        let polled = body.poll(cx);
        drop(attempt);
        if let Some(under) = under {
            under.leave();
        }
        polled
    };
    let looked = level.leave();
    let next = match polled {
        Poll::Ready(Ok(())) => {
            if let Some((policy, began)) = retry {
                let constants = (&state.retry, policy, began);
                let _ = record(&mut Retry::new(), constants, plan, GOOD, body);
            }
            if let Some(permit) = &permit {
                let _ = permit.settle(GOOD, |()| None);
            }
            mem::forget(permit);
            return None;
        }
        Poll::Ready(out) => Next::Up(shape.len, out),
        Poll::Pending => Next::Suspend,
    };
    Some(go_on(walk, plan, (retry, permit), next, looked, body, cx))
}

/// What a call has gone through on its way down.
type Through<'c> = (Option<(&'c RetryPolicy, u64)>, Option<Permit<'c>>);

/// Returns the retry that stands around the circuit.
#[cold]
fn retry_around(plan: Plan<'_>) -> Option<(&RetryPolicy, u64)> {
    match plan.layers()[..plan.shape.outline.circuit].get(plan.shape.outline.retry) {
        Some(Layer::Retry(policy)) => Some((policy, began(policy))),
        _ => None,
    }
}

/// Lets a walk go on with the call.
#[cold]
#[inline(never)]
fn go_on<'c>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    through: Through<'c>,
    next: Next,
    looked: Option<Instant>,
    body: &mut dyn Body,
    cx: &mut Context<'_>,
) -> Poll<Step> {
    let layer = match next {
        Next::Up(layer, _) => layer,
        _ => plan.shape.len,
    };
    let made = Walk::new(plan, layer, through, looked);
    let walk = walk.0.insert(Box::pin(made));
    walk.as_mut().go_on_with(next, body, cx)
}
