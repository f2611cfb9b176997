//! A call that has gone straight down to its closure, and waits there below layers that do nothing meanwhile: no
//! timeout is among them. It needs a quarter of the room of a walk, most of which is timers.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::body::Body;
use super::held::{Through, run, succeed};
use super::outline::Plan;
use super::walk::{Further, Next, Step, Walk};

/// A call that waits in its closure.
pub(super) struct Straight<'c> {
    plan: Plan<'c>,
    through: Through<'c>,
    /// How it goes on, once the closure has failed.
    walk: Option<Pin<Box<Walk<'c>>>>,
}

impl<'c> Straight<'c> {
    pub(super) fn new(plan: Plan<'c>, through: Through<'c>) -> Self {
        Self {
            plan,
            through,
            walk: None,
        }
    }
}

impl Further for Straight<'_> {
    fn poll(mut self: Pin<&mut Self>, body: &mut dyn Body, cx: &mut Context<'_>) -> Poll<Step> {
        let Self {
            plan,
            through: (retry, permit),
            walk,
        } = &mut *self;
        if let Some(walk) = walk {
            return walk.as_mut().poll(body, cx);
        }
        let (plan, within) = (*plan, (permit.as_ref(), retry.is_some()));
        let out = ready!(run(plan, within, body, cx));
        let (retry, permit) = (*retry, permit.take());
        if out.is_ok() {
            succeed(plan, retry, permit.as_ref());
            mem::forget(permit);
            return Poll::Ready(Step::Done(Ok(())));
        }
        let len = plan.shape.len;
        let made = Walk::new(plan, len, (retry, permit), None);
        let walk = walk.insert(Box::pin(made));
        walk.as_mut().go_on_with(Next::Up(len, out), body, cx)
    }
}
