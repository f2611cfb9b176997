//! The future that bounds its body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::timer::{Timer, wait};
use crate::call::{CallState, Failure, Outcome, Site, id_of};
use crate::compact_duration::CompactDuration;
use crate::error::Refusal;
use crate::event::{self, Event};

/// Bounds `body` by `limit`.
///
/// `call` is the state of the call, where its stack keeps one: a circuit inside has to know that
/// this timeout dropped it, and all events of the call bear the call's number.
#[inline(always)]
pub fn timeout<'a, F, T, E>(
    site: &'static Site,
    limit: Duration,
    call: Option<&'a CallState>,
    body: F,
) -> Timeout<'a, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    Timeout {
        body: Some(body),
        timer: Timer::new(false),
        limit,
        site,
        call,
    }
}

/// Bounds `body` by `limit`, as [`timeout`] does, directly inside another timeout of the same
/// stack.
#[inline(always)]
pub fn enclosed_timeout<'a, F, T, E>(
    site: &'static Site,
    limit: Duration,
    call: Option<&'a CallState>,
    body: F,
) -> Timeout<'a, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    Timeout {
        timer: Timer::new(true),
        ..timeout(site, limit, call, body)
    }
}

pin_project! {
    /// The future of [`timeout`].
    ///
    /// When the limit has passed, the body is dropped within the poll. Dropping the future drops
    /// the body.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Timeout<'a, F> {
        #[pin]
        body: Option<F>,
        #[pin]
        timer: Timer,
        limit: Duration,
        site: &'static Site,
        call: Option<&'a CallState>,
    }
}

impl<F, T, E> Future for Timeout<'_, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            unreachable!("a timeout was polled again after it had answered")
        };
        let had_budget = coop::has_budget_remaining();
        let limit = *this.limit;

        let frame = this.timer.as_mut().enter(limit);
        if let Poll::Ready(out) = body.poll(cx) {
            return Poll::Ready(out);
        }
        let enclosing = frame.enclosing();
        let looked = frame.looked();
        drop(frame);

        // If the body used up tokio's budget of the task, the timer is polled outside of it. A body
        // that is always ready would never time out otherwise.
        let starved = had_budget && !coop::has_budget_remaining();
        match wait(this.timer.as_mut(), limit, enclosing, looked, starved, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(inherited) => {
                match this.call {
                    Some(call) if !inherited => call.while_timing_out(|| this.body.set(None)),
                    _ => this.body.set(None),
                }
                let (site, limit) = (*this.site, CompactDuration::new(limit));
                Poll::Ready(Err(Failure::Policy(fire(
                    site, limit, inherited, *this.call,
                ))))
            }
        }
    }
}

/// Tells listeners that the limit has passed, and returns the refusal.
#[cold]
fn fire(
    site: &'static Site,
    limit: CompactDuration,
    inherited: bool,
    call: Option<&CallState>,
) -> Refusal {
    event::emit(|| Event::TimedOut {
        function: site.name(),
        limit: limit.get(),
        call: id_of(call),
    });
    Refusal::Timeout {
        site,
        limit,
        inherited,
    }
}
