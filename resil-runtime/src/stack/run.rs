//! The future of a call.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::body::{Attempt, Bare, Run};
use super::first::{Later, Polled, poll};
#[cfg(feature = "hedge")]
use super::hedged::hedged;
#[cfg(feature = "edge")]
use super::outline::Repeatable;
use super::outline::{Plan, Shape};
use super::state::State;
use super::walk::Step;
#[cfg(feature = "catalog")]
use crate::call::Site;
#[cfg(feature = "catalog")]
use crate::call::caller::{as_caller, note_call};
use crate::call::{CallState, Failure};
#[cfg(feature = "shutdown")]
use crate::cancel::entered::in_flight;
use crate::error::Refusal;
#[cfg(all(feature = "observe", not(feature = "tracing")))]
use crate::observe::attempt::seen_attempt;
#[cfg(feature = "observe")]
use crate::observe::seen::observe;
#[cfg(feature = "tracing")]
use crate::{observe::traced::traced_attempt, spans::attempt::look_at};

/// What a call runs under: a stack, or one policy.
pub(super) trait Source<E> {
    /// Whether a call may end with a refusal.
    const CAN_REFUSE: bool = true;

    /// Returns the layers.
    fn shape(&self) -> &Shape;

    /// Returns the state of the layers.
    fn state(&self) -> &'static State;

    /// Turns a refusal into the user's error.
    fn refuse(refusal: Refusal) -> E;

    /// Returns the request of an edge. Without one, runs may be repeated and copied.
    #[cfg(feature = "edge")]
    fn request(&self) -> Option<&dyn Repeatable> {
        None
    }
}

#[inline(always)]
fn plan<'c, E, S: Source<E>>(source: &'c S, call: &'c CallState) -> Plan<'c> {
    Plan {
        shape: source.shape(),
        state: source.state(),
        call,
        can_refuse: S::CAN_REFUSE,
        #[cfg(feature = "edge")]
        request: source.request(),
    }
}

/// Notes that a call begins, and returns its site.
#[cfg(feature = "catalog")]
fn begin(shape: &Shape, state: &'static State) -> &'static Site {
    note_call(state.site);
    state.last_run.note(shape.layers());
    state.site
}

/// Runs `closure` under the layers of `source`.
#[inline(always)]
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an `async fn` has room for the source twice, and moves it in its first poll"
)]
pub(super) fn run<S, F, Fut, T, E>(
    source: S,
    closure: F,
) -> impl Future<Output = Result<T, E>> + use<S, F, Fut, T, E>
where
    S: Source<E>,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    async move {
        #[cfg(feature = "shutdown")]
        let _in_flight = in_flight(source.state().site);
        #[cfg(feature = "catalog")]
        let site = begin(source.shape(), source.state());
        let call = CallState::new();
        #[cfg(feature = "observe")]
        let seen = observe(source.state().site, &call);
        #[cfg(feature = "observe")]
        let closure = {
            let (seen, mut closure) = (&seen, closure);
            move || {
                let body = seen.asking(&mut closure);
                #[cfg(feature = "tracing")]
                let body = traced_attempt(seen, body, look_at);
                #[cfg(not(feature = "tracing"))]
                let body = seen_attempt(seen, body);
                body
            }
        };
        // Made in one go, and behind the copies: the future would have room for it in each of its states.
        let walk = if source.shape().outline.is_straight {
            Later::new()
        } else {
            let plan = plan(&source, &call);
            #[cfg(feature = "hedge")]
            if plan.shape.outline.hedge < plan.shape.len {
                let copies = Box::pin(hedged(plan, closure));
                #[cfg(feature = "catalog")]
                let copies = as_caller(site, copies);
                let out = copies.await;
                #[cfg(feature = "observe")]
                seen.end(&out);
                return match out {
                    Ok(value) => Ok(value),
                    Err(Failure::Body(error) | Failure::Exposed(error, _)) => Err(error),
                    Err(Failure::Policy(refusal)) => Err(S::refuse(refusal)),
                };
            }
            Later::walk(plan)
        };
        let running = Running {
            walk,
            future: None,
            source: &source,
            call: &call,
            closure,
        };
        #[cfg(feature = "catalog")]
        let running = as_caller(site, running);
        let out = running.await;
        #[cfg(feature = "observe")]
        seen.end_value(&out);
        out
    }
}

pin_project! {
    /// A call whose closure makes futures that don't borrow from it.
    struct Running<'c, S, F, Fut> {
        // What waits is dropped last: the user's future is inside it.
        #[pin]
        future: Option<Fut>,
        walk: Later<'c>,
        source: &'c S,
        call: &'c CallState,
        closure: F,
    }
}

impl<S, F, Fut, T, E> Future for Running<'_, S, F, Fut>
where
    S: Source<E>,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Display + 'static,
{
    type Output = Result<T, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let plan = plan(*this.source, this.call);
            let attempt = Attempt::new(this.future.as_mut(), &mut *this.closure);
            match poll(this.walk, plan, attempt, cx) {
                Polled::Good(out) => return Poll::Ready(out),
                Polled::Walked(_, Poll::Pending) => return Poll::Pending,
                Polled::Walked(_, Poll::Ready(Step::Again)) => {}
                Polled::Walked(attempt, Poll::Ready(Step::Done(out))) => {
                    return Poll::Ready(end(out, attempt, this.call, S::refuse));
                }
            }
        }
    }
}

/// Runs `closure`, whose futures borrow from it, under the layers of `source`.
#[inline(always)]
pub(super) async fn run_mut<S, F, T, E>(source: S, mut closure: F) -> Result<T, E>
where
    S: Source<E>,
    F: AsyncFnMut() -> Result<T, E>,
    E: Display + 'static,
{
    #[cfg(feature = "shutdown")]
    let _in_flight = in_flight(source.state().site);
    #[cfg(feature = "catalog")]
    let site = begin(source.shape(), source.state());
    let call = CallState::new();
    #[cfg(feature = "observe")]
    let seen = observe(source.state().site, &call);
    let plan = plan(&source, &call);
    let mut walk = if plan.shape.outline.is_straight {
        Later::new()
    } else {
        assert!(
            plan.shape.outline.hedge >= plan.shape.len,
            "the copies of a `hedge` can't all borrow from one closure: write `run` in place of `run_mut`",
        );
        Later::walk(plan)
    };
    loop {
        let attempt = async { closure().await };
        #[cfg(feature = "tracing")]
        let attempt = traced_attempt(&seen, attempt, look_at);
        #[cfg(all(feature = "observe", not(feature = "tracing")))]
        let attempt = seen_attempt(&seen, attempt);
        let mut future = pin!(Some(attempt));
        let ended = poll_fn(|cx| {
            let no_other = || unreachable!("each attempt has a future of its own");
            let attempt = Attempt::new(future.as_mut(), no_other);
            match poll(&mut walk, plan, attempt, cx) {
                Polled::Good(out) => Poll::Ready(Some(out)),
                Polled::Walked(_, Poll::Pending) => Poll::Pending,
                Polled::Walked(_, Poll::Ready(Step::Again)) => Poll::Ready(None),
                Polled::Walked(attempt, Poll::Ready(Step::Done(out))) => {
                    Poll::Ready(Some(end(out, attempt, &call, S::refuse)))
                }
            }
        });
        #[cfg(feature = "catalog")]
        let ended = as_caller(site, ended);
        if let Some(out) = ended.await {
            #[cfg(feature = "observe")]
            seen.end_value(&out);
            return out;
        }
    }
}

/// Returns what the closure returned, or the refusal of a layer as the user's error.
fn end<F, C, T, E>(
    out: Bare,
    attempt: Attempt<'_, F, C, T, E>,
    call: &CallState,
    refuse: fn(Refusal) -> E,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    C: FnMut() -> F,
    E: Display + 'static,
{
    match out {
        Ok(()) | Err(Failure::Body(()) | Failure::Exposed((), _)) => attempt.returned(),
        Err(Failure::Policy(refusal)) => {
            call.note_refusal(&refusal);
            Err(refuse(refusal))
        }
    }
}
