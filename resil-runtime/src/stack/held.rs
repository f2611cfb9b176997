//! What the layers of one call hold, and the steps into a layer and out of it.

use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::body::{Bare, Body, hidden, shown};
use super::layer::Layer;
use super::outline::Plan;
use crate::bulkhead::place::Place;
use crate::bulkhead::wait::Wait;
use crate::call::Outcome;
#[cfg(feature = "edge")]
use crate::call::{AnyRefusal, Failure};
use crate::circuit::permit::Permit;
use crate::error::Refusal;
use crate::rate_limit::turn::Turn;
use crate::retry::RetryPolicy;
use crate::retry::ask::{Answer, Ask};
use crate::retry::attempt::run_attempt;
use crate::retry::state::{Constants, Retry, began};
#[cfg(feature = "edge")]
use crate::retry::verdict::RetryVerdict;
use crate::spans::cut;
use crate::timeout::{Elapsed, refuse_late};

/// What the layers hold while the walk is inside them.
pub(super) struct Held<'c> {
    // The innermost first: what waits leaves its queue before the permit around it is gone.
    pub(super) wait: Waiting<'c>,
    pub(super) retry: Retry,
    pub(super) place: Option<Place<'c>>,
    pub(super) permit: Option<Permit<'c>>,
    /// When the retry began, if its time is bounded.
    pub(super) began: u64,
    /// The retry around the closure.
    pub(super) retries: Option<&'c RetryPolicy>,
}

/// What a call has gone through on its way straight down: a retry, with the time at which it began, and a circuit.
pub(super) type Through<'c> = (Option<(&'c RetryPolicy, u64)>, Option<Permit<'c>>);

/// A wait in progress.
pub(super) enum Waiting<'c> {
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

/// How a layer received the call.
pub(super) enum Entered {
    /// It is in.
    In,
    /// It waits for its place or its turn.
    Waits,
    /// It is refused.
    Refused(Refusal),
}

impl<'c> Held<'c> {
    /// Enters a layer that lets the call in, refuses it, or lets it wait.
    pub(super) fn enter(&mut self, plan: Plan<'c>, layer: usize, policy: &'c Layer) -> Entered {
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
            #[cfg(feature = "hedge")]
            Layer::Hedge(_) => {}
        }
        Entered::In
    }

    /// Polls the closure's future below the layers.
    pub(super) fn run(
        &self,
        plan: Plan<'c>,
        body: &mut dyn Body,
        cx: &mut Context<'_>,
    ) -> Poll<Bare> {
        let within = (self.permit.as_ref(), self.retries.is_some());
        run(plan, within, body, cx)
    }

    /// Settles the permit with the outcome of the call.
    pub(super) fn settle(&mut self, out: Bare, body: &dyn Body) -> Bare {
        let Some(permit) = self.permit.take() else {
            return out;
        };
        let out = permit.settle(shown(out, body), |error| error.class());
        mem::forget(permit);
        hidden(out)
    }

    /// Gives the place back.
    pub(super) fn give_back(&mut self, out: Bare, body: &dyn Body) -> Bare {
        match self.place.take() {
            Some(mut place) => hidden(place.settle(shown(out, body), |error| error.class())),
            None => out,
        }
    }

    pub(super) fn pause(&mut self, plan: Plan<'c>, layer: usize) {
        self.wait = Waiting::Pause {
            left_out_since: self.left_out(plan, layer),
        };
    }

    /// Returns since when the wait of `layer` is left out of the time of a call that a circuit around it
    /// times; 0 if none does.
    pub(super) fn left_out(&self, plan: Plan<'c>, layer: usize) -> u64 {
        let around = plan.layers()[..layer].iter();
        let mut circuits = around.filter(|layer| matches!(layer, Layer::Circuit(_)));
        match (&self.permit, circuits.next()) {
            (Some(permit), Some(_)) => permit.wait_begins(),
            _ => 0,
        }
    }

    /// Polls the wait in progress. Once it is over, the call is let in or refused.
    pub(super) fn wait_over(
        &mut self,
        plan: Plan<'c>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        let let_in = match &mut self.wait {
            Waiting::Nothing => Ok(()),
            Waiting::Pause { .. } => {
                // The last error is gone, or a call whose error is not `Send` would not be.
                if ready!(self.retry.poll_pause(plan.can_refuse, cx)) {
                    Err(Refusal::Cancelled)
                } else {
                    Ok(())
                }
            }
            Waiting::Place { wait, .. } => match ready!(Pin::new(wait).poll(cx)) {
                Ok(place) => {
                    self.place = Some(place);
                    Ok(())
                }
                Err(refusal) => Err(refusal),
            },
            Waiting::Turn { turn, .. } => {
                let came = ready!(Pin::new(turn).poll(cx));
                came.refusal(Some(plan.call)).map_or(Ok(()), Err)
            }
        };
        self.end_wait();
        Poll::Ready(let_in)
    }

    /// Ends the wait in progress, if there is one.
    pub(super) fn end_wait(&mut self) {
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
    pub(super) fn cut(
        &mut self,
        plan: Plan<'c>,
        layer: usize,
        elapsed: Elapsed,
        body: &mut dyn Body,
    ) -> Bare {
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
            cut::by("timeout", || body.cut());
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
                    #[cfg(feature = "hedge")]
                    Layer::Hedge(_) => {}
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

/// Polls the closure's future under a permit and as an attempt, if there are such layers.
#[inline(always)]
pub(super) fn run(
    plan: Plan<'_>,
    within: (Option<&Permit<'_>>, bool),
    body: &mut dyn Body,
    cx: &mut Context<'_>,
) -> Poll<Bare> {
    match within {
        (Some(permit), true) => permit.run(|| run_attempt(&plan.state.retry, || body.poll(cx))),
        (Some(permit), false) => permit.run(|| body.poll(cx)),
        (None, true) => run_attempt(&plan.state.retry, || body.poll(cx)),
        (None, false) => body.poll(cx),
    }
}

/// Takes a success of a first attempt straight up: the retry records it, and the permit is settled, which is to be
/// forgotten then.
#[inline(always)]
pub(super) fn succeed(
    plan: Plan<'_>,
    retry: Option<(&RetryPolicy, u64)>,
    permit: Option<&Permit<'_>>,
) {
    if let Some((policy, began)) = retry {
        let constants = (&plan.state.retry, policy, began);
        let _ = again(&mut Retry::new(), constants, plan, Ok(()));
    }
    if let Some(permit) = permit {
        let good: Bare = Ok(());
        let _ = permit.settle(good, |()| None);
    }
}

/// Records an attempt with the retry, and returns its outcome if no other one follows.
#[inline(always)]
pub(super) fn record(
    retry: &mut Retry,
    constants: Constants<'_>,
    plan: Plan<'_>,
    out: Bare,
    body: &dyn Body,
) -> ControlFlow<Bare> {
    #[cfg(feature = "edge")]
    if is_cut_for_good(plan, &out) {
        return end_cut(retry, constants, plan, out);
    }
    match again(retry, constants, plan, shown(out, body)) {
        ControlFlow::Break(out) => ControlFlow::Break(hidden(out)),
        ControlFlow::Continue(()) => ControlFlow::Continue(()),
    }
}

// The one place that records: a budget belongs to the closure here as to that in an annotated function.
#[inline(always)]
fn again<'b>(
    retry: &mut Retry,
    constants: Constants<'_>,
    plan: Plan<'_>,
    out: Outcome<(), &'b dyn Body>,
) -> ControlFlow<Outcome<(), &'b dyn Body>> {
    let call = Some(plan.call);
    retry.again(constants, call, out, |error, ask| answer(*error, ask))
}

/// Returns whether a timeout has cut the request of an edge, which may not be sent again.
#[cfg(feature = "edge")]
#[inline(always)]
fn is_cut_for_good(plan: Plan<'_>, out: &Bare) -> bool {
    let Err(Failure::Policy(Refusal::Timeout { .. })) = out else {
        return false;
    };
    plan.request.is_some_and(|request| !request.may_repeat())
}

/// Records an attempt that was cut and that no other one may follow.
#[cfg(feature = "edge")]
#[cold]
fn end_cut(
    retry: &mut Retry,
    constants: Constants<'_>,
    plan: Plan<'_>,
    out: Bare,
) -> ControlFlow<Bare> {
    let Err(Failure::Policy(refusal)) = out else {
        return ControlFlow::Break(out);
    };
    // Shown as an error, so that the retry asks for a verdict on it.
    let shown: Outcome<(), &Refusal, Refusal> = Err(Failure::Exposed(&refusal, refusal.kind()));
    let _ = retry.again(
        constants,
        Some(plan.call),
        shown,
        |refusal, ask| match ask {
            Ask::Verdict => Answer::Verdict(Some(RetryVerdict::Final)),
            Ask::Text => Answer::Text(refusal.text()),
            _ => Answer::Default,
        },
    );
    ControlFlow::Break(Err(Failure::Policy(refusal)))
}

/// Answers a question of the retry about an error.
#[cold]
fn answer(error: &dyn Body, ask: Ask) -> Answer<'_> {
    match ask {
        Ask::Class => Answer::Class(error.class()),
        Ask::Text => Answer::Text(error.text()),
        #[cfg(feature = "edge")]
        Ask::Verdict if error.is_final() => Answer::Verdict(Some(RetryVerdict::Final)),
        _ => Answer::Default,
    }
}
