//! The walk of one call through the layers of a stack: down to the closure, and up with its outcome.
//!
//! It is one state machine. A layer that acts before and after the code inside it is a step down and a
//! step up; a retry sends the walk down again; a timeout is a level of the deadline, entered in each poll
//! as long as the walk is inside it. All that decides is in the runtime's own pieces.

use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::body::{Bare, Body};
use super::frames::{Frames, Places, Timers};
use super::layer::Layer;
use super::outline::Shape;
use super::state::State;
use crate::bulkhead::place::Place;
use crate::bulkhead::wait::Wait;
use crate::call::{CallState, Failure, Outcome};
use crate::circuit::permit::Permit;
use crate::clock::{self, Instant};
use crate::error::Refusal;
use crate::rate_limit::turn::Turn;
use crate::retry::RetryPolicy;
use crate::retry::ask::{Answer, Ask};
use crate::retry::attempt::run_attempt;
use crate::retry::state::{Constants, Retry, began};
use crate::timeout::{Elapsed, refuse_late};

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

/// What a call has of its stack.
#[derive(Clone, Copy)]
pub(super) struct Plan<'c> {
    pub(super) shape: &'c Shape,
    pub(super) state: &'static State,
    pub(super) call: &'c CallState,
}

impl<'c> Plan<'c> {
    pub(super) fn layers(&self) -> &'c [Layer] {
        self.shape.layers()
    }
}

/// The point at which a call stands between two polls.
#[derive(Clone, Copy)]
enum At {
    /// In the closure.
    Body,
    /// In the wait of this layer.
    Wait(usize),
}

/// What the layers hold while the walk is inside them.
struct Held<'c> {
    // The innermost first: what waits leaves its queue before the permit around it is gone.
    wait: Waiting<'c>,
    retry: Retry,
    place: Option<Place<'c>>,
    permit: Option<Permit<'c>>,
    /// When the retry began, if its time is bounded.
    began: u64,
    /// The retry around the closure.
    retries: Option<&'c RetryPolicy>,
}

/// A wait in progress.
enum Waiting<'c> {
    Nothing,
    /// The pause of a retry.
    Pause {
        left_out_since: u64,
    },
    /// For a place in a bulkhead.
    Place {
        wait: Wait<'c>,
        left_out_since: u64,
    },
    /// For the turn of a rate limit.
    Turn {
        turn: Turn,
        left_out_since: u64,
    },
}

/// How a poll went on.
pub(super) enum Step {
    /// The closure is to be called again: the walk has to be polled at once, with a new run.
    Again,
    /// The call has ended.
    Done(Bare),
}

/// How a layer received the call.
enum Entered {
    In,
    Waits,
    Refused(Refusal),
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

impl<'c> Walk<'c> {
    /// Makes the walk of a call that stands at `layer` in its first poll, on its way down.
    pub(super) fn new(
        plan: Plan<'c>,
        layer: usize,
        (retry, permit): (Option<(&'c RetryPolicy, u64)>, Option<Permit<'c>>),
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

    /// Goes on with the call as far as it gets.
    pub(super) fn poll(
        self: Pin<&mut Self>,
        body: &mut dyn Body,
        cx: &mut Context<'_>,
    ) -> Poll<Step> {
        let next = match self.at {
            At::Body => Next::Body,
            At::Wait(layer) => Next::Wait(layer),
        };
        self.go_on_with(next, body, cx)
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
                Next::Wait(layer) => match held.wait_over(cx) {
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
                            plan.call,
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
                    }
                }
            };
        }
    }
}

impl<'c> Held<'c> {
    /// Enters a layer that lets the call in, refuses it, or lets it wait.
    fn enter(&mut self, plan: Plan<'c>, layer: usize, policy: &'c Layer) -> Entered {
        let (state, call) = (plan.state, plan.call);
        match policy {
            Layer::Circuit(policy) => match state.circuit.admit(Some(policy), call) {
                Ok(permit) => self.permit = Some(permit),
                Err(refusal) => return Entered::Refused(refusal),
            },
            Layer::Retry(policy) => {
                self.began = began(policy);
                self.retries = Some(policy);
            }
            Layer::Bulkhead(policy) => match state.bulkhead.enter(Some(policy), Some(call)) {
                Ok(place) => self.place = Some(place),
                Err(full) => {
                    self.wait = Waiting::Place {
                        wait: full.wait(),
                        left_out_since: self.left_out(plan, layer),
                    };
                    return Entered::Waits;
                }
            },
            Layer::RateLimit(policy) => match state.rate_limit.admit(Some(policy), 1, Some(call)) {
                Ok(None) => {}
                Ok(Some(turn)) => {
                    self.wait = Waiting::Turn {
                        turn,
                        left_out_since: self.left_out(plan, layer),
                    };
                    return Entered::Waits;
                }
                Err(refusal) => return Entered::Refused(refusal),
            },
            Layer::Timeout(_) => {}
        }
        Entered::In
    }

    /// Polls the closure's future, as an attempt and under the permit, if there are such layers.
    fn run(&self, plan: Plan<'c>, body: &mut dyn Body, cx: &mut Context<'_>) -> Poll<Bare> {
        match (&self.permit, self.retries.is_some()) {
            (Some(permit), true) => permit.run(|| run_attempt(&plan.state.retry, || body.poll(cx))),
            (Some(permit), false) => permit.run(|| body.poll(cx)),
            (None, true) => run_attempt(&plan.state.retry, || body.poll(cx)),
            (None, false) => body.poll(cx),
        }
    }

    /// Settles the permit with the outcome of the call.
    fn settle(&mut self, out: Bare, body: &dyn Body) -> Bare {
        let Some(permit) = self.permit.take() else {
            return out;
        };
        let out = permit.settle(shown(out, body), |error| error.class());
        mem::forget(permit);
        hidden(out)
    }

    /// Gives the place back.
    fn give_back(&mut self, out: Bare, body: &dyn Body) -> Bare {
        match self.place.take() {
            Some(place) => hidden(place.settle(shown(out, body), |error| error.class())),
            None => out,
        }
    }

    fn pause(&mut self, plan: Plan<'c>, layer: usize) {
        self.wait = Waiting::Pause {
            left_out_since: self.left_out(plan, layer),
        };
    }

    /// Returns since when the wait of `layer` is left out of the time of a call that a circuit around it
    /// times; 0 if none does.
    fn left_out(&self, plan: Plan<'c>, layer: usize) -> u64 {
        let around = plan.layers()[..layer].iter();
        let mut circuits = around.filter(|layer| matches!(layer, Layer::Circuit(_)));
        match (&self.permit, circuits.next()) {
            (Some(permit), Some(_)) => permit.wait_begins(),
            _ => 0,
        }
    }

    /// Polls the wait in progress. Once it is over, the call is let in or refused.
    fn wait_over(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        let let_in = match &mut self.wait {
            Waiting::Nothing => Ok(()),
            Waiting::Pause { .. } => {
                ready!(Pin::new(&mut self.retry.pause()).poll(cx));
                Ok(())
            }
            Waiting::Place { wait, .. } => match ready!(Pin::new(wait).poll(cx)) {
                Ok(place) => {
                    self.place = Some(place);
                    Ok(())
                }
                Err(refusal) => Err(refusal),
            },
            Waiting::Turn { turn, .. } => {
                ready!(Pin::new(turn).poll(cx));
                Ok(())
            }
        };
        self.end_wait();
        Poll::Ready(let_in)
    }

    /// Ends the wait in progress, if there is one.
    fn end_wait(&mut self) {
        let wait = mem::replace(&mut self.wait, Waiting::Nothing);
        let (Waiting::Pause { left_out_since }
        | Waiting::Place { left_out_since, .. }
        | Waiting::Turn { left_out_since, .. }) = wait
        else {
            return;
        };
        if let Some(permit) = &self.permit {
            permit.wait_ended(left_out_since);
        }
    }

    /// Drops all that is inside the timeout of `layer`, whose limit has passed, and returns its refusal.
    #[cold]
    #[inline(never)]
    fn cut(&mut self, plan: Plan<'c>, layer: usize, elapsed: Elapsed, body: &mut dyn Body) -> Bare {
        self.end_wait();
        let (around, inside) = plan.layers().split_at(layer);
        let is_around = |policy: &Layer| matches!(policy, Layer::Circuit(_));
        // The closure's future is dropped under the permit of a circuit around, as it was polled.
        let permit = self.permit.take();
        let (around, within) = if around.iter().any(is_around) {
            (permit, None)
        } else {
            (None, permit)
        };
        let drop_all = || {
            body.cut();
            self.permit = within;
            for policy in inside.iter().rev() {
                match policy {
                    Layer::Retry(_) => {
                        self.retry = Retry::new();
                        self.retries = None;
                    }
                    Layer::Bulkhead(_) => self.place = None,
                    Layer::Circuit(_) => self.permit = None,
                    Layer::RateLimit(_) | Layer::Timeout(_) => {}
                }
            }
        };
        let marked = || {
            if elapsed.inherited {
                drop_all();
            } else {
                plan.call.while_timing_out(drop_all);
            }
        };
        match &around {
            Some(permit) => permit.run(marked),
            None => marked(),
        }
        self.permit = around;
        let limit = match &plan.layers()[layer] {
            Layer::Timeout(policy) => policy.limit(),
            _ => unreachable!("a timer belongs to a timeout"),
        };
        refuse_late(elapsed, plan.state.site, limit, Some(plan.call))
    }
}

pub(super) fn refused(refusal: Refusal) -> Bare {
    Err(Failure::Policy(refusal))
}

/// Records an attempt with the retry, and returns its outcome if no other one follows.
// The one place that does: a budget belongs to the closure here as to that in an annotated function.
#[inline(always)]
pub(super) fn record(
    retry: &mut Retry,
    constants: Constants<'_>,
    call: &CallState,
    out: Bare,
    body: &dyn Body,
) -> ControlFlow<Bare> {
    let out = shown(out, body);
    match retry.again(constants, Some(call), out, |error, ask| answer(*error, ask)) {
        ControlFlow::Break(out) => ControlFlow::Break(hidden(out)),
        ControlFlow::Continue(()) => ControlFlow::Continue(()),
    }
}

/// Answers a question of the retry about an error.
#[cold]
fn answer<'b>(error: &'b dyn Body, ask: Ask) -> Answer<'b> {
    match ask {
        Ask::Class => Answer::Class(error.class()),
        Ask::Text => Answer::Text(error.text()),
        _ => Answer::Default,
    }
}

/// Puts the body in the place of its error, for the pieces that ask about it.
#[inline(always)]
fn shown(out: Bare, body: &dyn Body) -> Outcome<(), &dyn Body> {
    match out {
        Ok(()) => Ok(()),
        Err(Failure::Body(())) => Err(Failure::Body(body)),
        Err(Failure::Policy(refusal)) => Err(Failure::Policy(refusal)),
        Err(Failure::Exposed((), kind)) => Err(Failure::Exposed(body, kind)),
    }
}

#[inline(always)]
fn hidden(out: Outcome<(), &dyn Body>) -> Bare {
    match out {
        Ok(()) => Ok(()),
        Err(Failure::Body(_)) => Err(Failure::Body(())),
        Err(Failure::Policy(refusal)) => Err(Failure::Policy(refusal)),
        Err(Failure::Exposed(_, kind)) => Err(Failure::Exposed((), kind)),
    }
}
