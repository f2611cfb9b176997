//! The first poll of a call: straight down and up again, as long as all goes well.
//!
//! It is compiled for each closure, as the good path of generated code is. Once a layer refuses, the closure
//! fails or has to wait, a [`Walk`] takes over where the call then stands, or a [`Straight`] where the wait is all. A
//! stack with other layers than a circuit, a retry and timeouts is a walk from the top.

use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::body::{Body, Run, refused};
use super::held::{Through, succeed};
use super::layer::Layer;
use super::outline::{Outline, Plan};
use super::straight::Straight;
use super::walk::{Further, Next, Step, Walk};
use crate::circuit::permit::Permit;
use crate::clock::Instant;
use crate::deadline::{AmbientFrame, Kept};
use crate::error::Refusal;
use crate::retry::RetryPolicy;
use crate::retry::attempt::Restore;
use crate::retry::state::began;

/// How a poll of a call went on.
pub(super) enum Polled<B: Run> {
    /// The call has succeeded at once.
    Good(B::Out),
    /// The walk of the call has come to this step. The body has kept what its last run returned.
    Walked(B, Poll<Step>),
}

/// Polls a call.
// The body is passed by value: none of it has to be in memory as long as no walk looks at it.
#[inline(always)]
pub(super) fn poll<'c, B: Run>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    body: B,
    cx: &mut Context<'_>,
) -> Polled<B> {
    match &mut *walk.0 {
        None => first(walk, plan, body, cx),
        Some(further) => {
            let mut body = body;
            let step = further.as_mut().poll(&mut body, cx);
            Polled::Walked(body, step)
        }
    }
}

/// How a call goes on after its first poll, once it has had one. It is boxed: a future is moved before it is polled, and
/// most of it would be the room for a walk.
// Without the drop code that a `Box` brings: each call would run it.
pub(super) struct Later<'c>(ManuallyDrop<Option<Pin<Box<dyn Further + 'c>>>>);

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
        drop(self.0.take());
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

#[inline(always)]
fn first<'c, B: Run>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    mut body: B,
    cx: &mut Context<'_>,
) -> Polled<B> {
    let (shape, state, call) = (plan.shape, plan.state, plan.call);
    let outline = &shape.outline;
    let permit = match shape.places.get(outline.circuit) {
        Some(Layer::Circuit(policy)) => match state.circuit.admit(Some(policy), call) {
            Ok(permit) => Some(permit),
            Err(refusal) => {
                let mut body = body;
                let step = refused_first(walk, plan.copied(), refusal, &mut body, cx);
                return Polled::Walked(body, step);
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
        let polled = body.run(cx);
        drop(attempt);
        if let Some(under) = under {
            under.leave();
        }
        polled
    };
    let looked = level.leave();
    let next = match polled {
        Poll::Ready(out) if B::is_good(&out) => {
            succeed(plan, retry, permit.as_ref());
            mem::forget(permit);
            return Polled::Good(out);
        }
        Poll::Ready(out) => Next::Up(shape.len, body.keep(out)),
        Poll::Pending => Next::Suspend,
    };
    let (plan, through, mut body) = (plan.copied(), (retry, permit), body);
    let step = go_on(walk, plan, through, next, looked, &mut body, cx);
    Polled::Walked(body, step)
}

/// Returns the retry that stands around the circuit.
#[cold]
fn retry_around(plan: Plan<'_>) -> Option<(&RetryPolicy, u64)> {
    match plan.layers()[..plan.shape.outline.circuit].get(plan.shape.outline.retry) {
        Some(Layer::Retry(policy)) => Some((policy, began(policy))),
        _ => None,
    }
}

/// Goes on with a call that the circuit has refused.
#[cold]
#[inline(never)]
fn refused_first<'c>(
    walk: &mut Later<'c>,
    plan: Plan<'c>,
    refusal: Refusal,
    body: &mut dyn Body,
    cx: &mut Context<'_>,
) -> Poll<Step> {
    // A refusal takes no time: the limits around the circuit have not begun to count.
    let out = refused(refusal);
    let Some(retry) = retry_around(plan) else {
        return Poll::Ready(Step::Done(out));
    };
    let next = Next::Up(plan.shape.outline.circuit, out);
    go_on(walk, plan, (Some(retry), None), next, None, body, cx)
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
    let has_timeout = plan.shape.outline.limit != Outline::EMPTY.limit;
    if matches!(next, Next::Suspend) && !has_timeout {
        walk.0 = ManuallyDrop::new(Some(Box::pin(Straight::new(plan, through))));
        return Poll::Pending;
    }
    let layer = match next {
        Next::Up(layer, _) => layer,
        _ => plan.shape.len,
    };
    let mut made = Box::pin(Walk::new(plan, layer, through, looked));
    let step = made.as_mut().go_on_with(next, body, cx);
    walk.0 = ManuallyDrop::new(Some(made));
    step
}
