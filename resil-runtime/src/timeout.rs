//! `#[timeout]`: bounds what is inside it, and tells it so through the ambient deadline.
//!
//! The limit counts from the end of the first poll, so that what is ready at once costs no clock
//! and no timer. No timer is made either where an enclosing timeout fires as soon.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::clock::{self, Instant, Sleep};
use crate::deadline::{Enclosing, Frame};
use crate::error::{Packed, Refusal};
use crate::event::{self, Event};
use crate::failure::{Failure, Outcome};
use crate::mark::Mark;
use crate::site::Site;

/// Bounds `body` by `limit`. `mark` is the call's, where a circuit inside has to know that it was
/// this timeout that dropped it.
#[inline(always)]
pub fn timeout<'a, F, T, E>(
    site: &'static Site,
    limit: Duration,
    mark: Option<&'a Mark>,
    body: F,
) -> Timeout<'a, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    Timeout {
        body: Some(body),
        timer: Timer::Unstarted,
        limit,
        site,
        mark,
    }
}

pin_project! {
    /// The future of [`timeout`].
    ///
    /// When it fires the body is dropped within the poll. Dropped itself, it drops the body.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Timeout<'a, F> {
        #[pin]
        body: Option<F>,
        #[pin]
        timer: Timer,
        limit: Duration,
        site: &'static Site,
        mark: Option<&'a Mark>,
    }
}

pin_project! {
    #[project = TimerProj]
    #[derive(Debug)]
    enum Timer {
        // Before the first poll has ended.
        Unstarted,
        // An enclosing timeout fires as soon: none of our own.
        Delegated { at: Instant },
        // `inherited`: a deadline that is the caller's, and that no timer stands behind.
        Armed { at: Instant, inherited: bool, #[pin] sleep: Sleep },
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

        let frame = match this.timer.as_mut().project() {
            TimerProj::Unstarted => Frame::unstarted(limit),
            TimerProj::Delegated { at } => Frame::fixed(*at, false),
            TimerProj::Armed { at, .. } => Frame::fixed(*at, true),
        };
        if let Poll::Ready(out) = body.poll(cx) {
            return Poll::Ready(out);
        }
        let enclosing = frame.enclosing();
        let looked = frame.looked();
        drop(frame);

        // The body used up the task's budget: the timer must be heard all the same, or a body that
        // is always ready would never time out.
        let starved = had_budget && !coop::has_budget_remaining();
        match wait(this.timer.as_mut(), limit, enclosing, looked, starved, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(inherited) => {
                match this.mark {
                    Some(mark) if !inherited => mark.while_timing_out(|| this.body.set(None)),
                    _ => this.body.set(None),
                }
                let (site, limit) = (*this.site, Packed::new(limit));
                Poll::Ready(Err(Failure::Policy(fire(site, limit, inherited))))
            }
        }
    }
}

#[cold]
fn fire(site: &'static Site, limit: Packed, inherited: bool) -> Refusal {
    event::emit(|| Event::TimedOut {
        function: site.name(),
        limit: limit.get(),
    });
    Refusal::Timeout {
        site,
        limit,
        inherited,
    }
}

/// After a pending poll of the body: ready when the limit has passed, with whether it was the
/// caller's own deadline.
fn wait(
    mut timer: Pin<&mut Timer>,
    limit: Duration,
    enclosing: Enclosing,
    looked: Option<Instant>,
    starved: bool,
    cx: &mut Context<'_>,
) -> Poll<bool> {
    match timer.as_mut().project() {
        TimerProj::Unstarted => {
            let now = clock::now();
            let own = clock::add(looked.unwrap_or(now), limit);
            if enclosing.has_unstarted_within(limit) || delegates(enclosing, own) {
                timer.set(Timer::Delegated { at: own });
                return Poll::Pending;
            }
            arm(timer.as_mut(), own, enclosing);
            if let TimerProj::Armed { at, inherited, .. } = timer.as_mut().project()
                && *at <= now
            {
                return Poll::Ready(*inherited);
            }
        }
        TimerProj::Delegated { at } => {
            let own = *at;
            if delegates(enclosing, own) {
                return Poll::Pending;
            }
            // The future was moved out from under the timeout that it relied on.
            arm(timer.as_mut(), own, enclosing);
        }
        TimerProj::Armed { .. } => {}
    }
    let TimerProj::Armed {
        inherited, sleep, ..
    } = timer.project()
    else {
        return Poll::Pending;
    };
    let elapsed = if starved {
        Pin::new(&mut coop::unconstrained(sleep)).poll(cx)
    } else {
        sleep.poll(cx)
    };
    elapsed.map(|()| *inherited)
}

fn delegates(enclosing: Enclosing, own: Instant) -> bool {
    enclosing.enforced && enclosing.at.is_some_and(|at| at <= own)
}

fn arm(mut timer: Pin<&mut Timer>, own: Instant, enclosing: Enclosing) {
    let (at, inherited) = match enclosing.at {
        Some(theirs) if theirs < own => (theirs, true),
        _ => (own, false),
    };
    timer.set(Timer::Armed {
        at,
        inherited,
        sleep: clock::sleep_until(at),
    });
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::{pending, poll_fn};
    use std::pin::pin;

    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use tokio::runtime::Builder;

    use super::*;
    use crate::deadline::Deadline;
    use crate::extremes::{cases, durations};

    static SITE: Site = Site::new("timeout", 1);

    /// `body` under two limits and a deadline of the caller's.
    async fn stacked(
        (caller, outer, inner): (Duration, Duration, Duration),
        body: impl Future<Output = Outcome<(), (), Refusal>>,
    ) -> Outcome<(), (), Refusal> {
        let inside = timeout(&SITE, inner, None, body);
        let bounded = timeout(&SITE, outer, None, inside);
        Deadline::after(caller).scope(bounded).await
    }

    /// Any three limits: what is seen inside is the soonest of them, and nothing outlives it.
    async fn hold(limits: (Duration, Duration, Duration)) {
        const HOUR: Duration = Duration::from_secs(3_600);
        let soonest = limits.0.min(limits.1).min(limits.2);
        let began = clock::now();
        let seen = Cell::new(None);
        let look = poll_fn(|_| {
            seen.set(Deadline::current());
            Poll::Ready(Ok(()))
        });
        assert!(
            stacked(limits, look).await.is_ok(),
            "what is ready is ready"
        );
        let seen = seen.get().expect("a deadline");
        assert_eq!(seen.instant(), clock::add(began, soonest));
        assert!(clock::millis_of(seen.instant()) >= clock::millis_of(began));
        if soonest < HOUR {
            assert!(stacked(limits, pending()).await.is_err());
            // A timer rounds up to the millisecond.
            let took = clock::now().saturating_duration_since(began);
            assert!(soonest <= took && took <= soonest + Duration::from_millis(2));
        } else {
            let mut call = pin!(stacked(limits, pending()));
            let first = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
            assert!(first);
        }
        assert_eq!(Deadline::current(), None);
    }

    #[test]
    fn limits_of_any_length_hold() {
        let runtime = || {
            Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap()
        };
        // A new one now and then: its timers reach two years ahead.
        let kept = RefCell::new((0, runtime()));
        TestRunner::new(cases())
            .run(&(durations(), durations(), durations()), |limits| {
                let mut kept = kept.borrow_mut();
                kept.0 += 1;
                if kept.0 % 1_000 == 0 {
                    kept.1 = runtime();
                }
                kept.1.block_on(hold(limits));
                Ok(())
            })
            .unwrap();
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn instants_are_in_order_with_what_is_added(a in durations(), b in durations()) {
            let now = clock::now();
            let (near, far) = (clock::add(now, a.min(b)), clock::add(now, a.max(b)));
            prop_assert!(now <= near && now < clock::add(now, Duration::MAX));
            prop_assert!(near <= far);
            prop_assert!(clock::millis_of(near) <= clock::millis_of(far));
        }
    }
}
