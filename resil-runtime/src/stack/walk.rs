//! The walk of one call through the layers of a stack: down to the closure, and up with its outcome.
//!
//! It is one state machine. A layer that acts before and after the code inside it is a step down and a
//! step up; a retry sends the walk down again; a timeout is a level of the deadline, entered in each poll
//! as long as the walk is inside it. All that decides is in the runtime's own pieces.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::body::{Bare, Body, refused};
use super::frames::{Frames, Places, Timers};
use super::held::{Entered, Held, Through, Waiting, record};
use super::layer::Layer;
use super::outline::Plan;
use crate::clock::{self, Instant};
use crate::retry::state::Retry;

pin_project! {
    /// The walk of one call.
    pub(super) struct Walk<'c> {
        plan: Plan<'c>,
        at: At,
        held: Held<'c>,
        #[pin]
        timers: Timers,
    }
}

/// The point at which a call stands between two polls.
#[derive(Clone, Copy)]
enum At {
    /// Above all layers: it was not polled yet.
    Start,
    /// In the closure.
    Body,
    /// In the wait of this layer.
    Wait(usize),
}

/// How a poll went on.
pub(super) enum Step {
    /// The closure is to be called again: the walk has to be polled at once, with a new run.
    Again,
    /// The call has ended.
    Done(Bare),
}

/// The next step within a poll.
pub(super) enum Next {
    /// Enters this layer.
    Down(usize),
    /// Polls the closure's future.
    Body,
    /// Polls the wait of this layer.
    Wait(usize),
    /// Leaves the timeouts after a poll that is pending.
    Suspend,
    /// Leaves the layer before this one with an outcome.
    Up(usize, Bare),
}

/// A call that goes on after its first poll.
pub(super) trait Further: Send + Sync {
    /// Goes on as far as it gets.
    fn poll(self: Pin<&mut Self>, body: &mut dyn Body, cx: &mut Context<'_>) -> Poll<Step>;
}

impl Further for Walk<'_> {
    fn poll(self: Pin<&mut Self>, body: &mut dyn Body, cx: &mut Context<'_>) -> Poll<Step> {
        let next = match self.at {
            At::Start => Next::Down(0),
            At::Body => Next::Body,
            At::Wait(layer) => Next::Wait(layer),
        };
        self.go_on_with(next, body, cx)
    }
}

impl<'c> Walk<'c> {
    /// Makes the walk of a call that stands at `layer` in its first poll, on its way down.
    pub(super) fn new(
        plan: Plan<'c>,
        layer: usize,
        (retry, permit): Through<'c>,
        looked: Option<Instant>,
    ) -> Self {
        let mut timers = Timers::new();
        for (layer, policy) in plan.layers()[..layer].iter().enumerate() {
            if let Layer::Timeout(policy) = policy {
                timers.begin_unpinned(layer, clock::nanos(policy.limit()), looked);
            }
        }
        Self {
            plan,
            at: At::Body,
            held: Held {
                wait: Waiting::Nothing,
                retry: Retry::new(),
                place: None,
                permit,
                began: retry.map_or(0, |(_, began)| began),
                retries: retry.map(|(policy, _)| policy),
            },
            timers,
        }
    }

    /// Makes the walk of a call that was not polled yet.
    pub(super) fn from_the_top(plan: Plan<'c>) -> Self {
        Self {
            at: At::Start,
            ..Self::new(plan, 0, (None, None), None)
        }
    }

    /// Goes on with a first poll, in the middle of which the walk was made.
    pub(super) fn go_on_with(
        mut self: Pin<&mut Self>,
        next: Next,
        body: &mut dyn Body,
        cx: &mut Context<'_>,
    ) -> Poll<Step> {
        let places = Places::new();
        let mut frames = Frames::new(&places);
        let timers = self.as_mut().project().timers;
        frames.enter_all(timers);
        self.go_on(&mut frames, next, body, cx)
    }

    fn go_on(
        self: Pin<&mut Self>,
        frames: &mut Frames<'_>,
        mut next: Next,
        body: &mut dyn Body,
        cx: &mut Context<'_>,
    ) -> Poll<Step> {
        let this = self.project();
        let (plan, at, held, mut timers) = (*this.plan, this.at, this.held, this.timers);
        loop {
            next = match next {
                Next::Down(layer) => match plan.layers().get(layer) {
                    None => Next::Body,
                    Some(Layer::Timeout(policy)) => {
                        let limit = clock::nanos(policy.limit());
                        timers.as_mut().begin(layer, limit);
                        frames.enter(timers.as_mut());
                        Next::Down(layer + 1)
                    }
                    Some(policy) => match held.enter(plan, layer, policy) {
                        Entered::In => Next::Down(layer + 1),
                        Entered::Waits => Next::Wait(layer),
                        Entered::Refused(refusal) => Next::Up(layer, refused(refusal)),
                    },
                },
                Next::Body => match held.run(plan, body, cx) {
                    Poll::Ready(out) => Next::Up(plan.layers().len(), out),
                    Poll::Pending => {
                        *at = At::Body;
                        Next::Suspend
                    }
                },
                Next::Wait(layer) => match held.wait_over(plan, cx) {
                    Poll::Ready(Ok(())) => Next::Down(layer + 1),
                    Poll::Ready(Err(refusal)) => Next::Up(layer, refused(refusal)),
                    Poll::Pending => {
                        *at = At::Wait(layer);
                        Next::Suspend
                    }
                },
                Next::Suspend => match frames.suspend(timers.as_mut(), cx) {
                    None => return Poll::Pending,
                    Some((n, elapsed)) => {
                        while timers.entered() > n + 1 {
                            timers.as_mut().end();
                        }
                        let layer = timers.layer(n);
                        let out = held.cut(plan, layer, elapsed, body);
                        timers.as_mut().end();
                        Next::Up(layer, out)
                    }
                },
                Next::Up(0, out) => return Poll::Ready(Step::Done(out)),
                Next::Up(outside, out) => {
                    let layer = outside - 1;
                    match &plan.layers()[layer] {
                        Layer::Timeout(_) => {
                            frames.leave();
                            timers.as_mut().end();
                            Next::Up(layer, out)
                        }
                        Layer::Retry(policy) => match record(
                            &mut held.retry,
                            (&plan.state.retry, policy, held.began),
                            plan,
                            out,
                            body,
                        ) {
                            ControlFlow::Break(out) => Next::Up(layer, out),
                            ControlFlow::Continue(()) => {
                                held.pause(plan, layer);
                                *at = At::Wait(layer);
                                // The new run borrows from the closure, as the old one did.
                                frames.pause(timers.as_mut());
                                return Poll::Ready(Step::Again);
                            }
                        },
                        Layer::Circuit(_) => Next::Up(layer, held.settle(out, body)),
                        Layer::Bulkhead(_) => Next::Up(layer, held.give_back(out, body)),
                        Layer::RateLimit(_) => Next::Up(layer, out),
                        // The parts of a hedged stack are walks of their own.
                        #[cfg(feature = "hedge")]
                        Layer::Hedge(_) => Next::Up(layer, out),
                    }
                }
            };
        }
    }
}
