//! `#[timeout]`: bounds what is inside it, and tells it so through the ambient deadline.
//!
//! The limit counts from the end of the first poll, so that what is ready at once costs no clock
//! and no timer. No timer is made either where another timeout of the same stack fires as soon: it
//! owns this one, and is polled whenever this one is. A timeout of another function does not: what
//! it polls may be a stream's or a task set's, and outlive it. There this one has a timer of its own,
//! and leaves the answer to the other where both are due.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::call::id_of;
use crate::clock::{self, Instant, Sleep};
use crate::deadline::{Enclosing, Frame};
use crate::error::{Packed, Refusal};
use crate::event::{self, Event};
use crate::failure::{Failure, Outcome};
use crate::mark::Mark;
use crate::site::Site;

/// Bounds `body` by `limit`. `mark` is the call's, where its stack has one: a circuit inside has to
/// know that it was this timeout that dropped it, and all events of the call bear its number.
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
        timer: Timer::Unstarted { enclosed: false },
        limit,
        site,
        mark,
    }
}

/// [`timeout`], directly inside another one of the same stack.
#[inline(always)]
pub fn enclosed_timeout<'a, F, T, E>(
    site: &'static Site,
    limit: Duration,
    mark: Option<&'a Mark>,
    body: F,
) -> Timeout<'a, F>
where
    F: Future<Output = Outcome<T, E, Refusal>>,
{
    Timeout {
        timer: Timer::Unstarted { enclosed: true },
        ..timeout(site, limit, mark, body)
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
        Unstarted { enclosed: bool },
        // Another timeout of the stack fires as soon: none of our own.
        Delegated { own: Instant },
        Armed { own: Instant, due: Due, #[pin] sleep: Sleep },
    }
}

/// What a timer is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Our own limit.
    Own,
    /// A deadline that is the caller's, and that no timer stands behind.
    Inherited,
    /// The limit of a timeout around us, which is to answer. `late`: it was due, and did not.
    Enclosing { late: bool },
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
            TimerProj::Unstarted { .. } => Frame::unstarted(limit),
            TimerProj::Delegated { own } => Frame::fixed(*own, false),
            TimerProj::Armed {
                due: Due::Inherited,
                sleep,
                ..
            } => Frame::fixed(sleep.deadline(), true),
            TimerProj::Armed { own, .. } => Frame::fixed(*own, true),
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
                Poll::Ready(Err(Failure::Policy(fire(
                    site, limit, inherited, *this.mark,
                ))))
            }
        }
    }
}

#[cold]
fn fire(site: &'static Site, limit: Packed, inherited: bool, mark: Option<&Mark>) -> Refusal {
    event::emit(|| Event::TimedOut {
        function: site.name(),
        limit: limit.get(),
        call: id_of(mark),
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
        TimerProj::Unstarted { enclosed } => {
            let enclosed = *enclosed;
            let now = clock::now();
            let own = clock::add(looked.unwrap_or(now), limit);
            let theirs = enclosing.soonest(now);
            if enclosed && theirs.is_some_and(|(at, _)| at <= own) {
                timer.set(Timer::Delegated { own });
                return Poll::Pending;
            }
            arm(timer.as_mut(), own, theirs);
            // Past on entry: no timer has to tell.
            if let TimerProj::Armed { due, sleep, .. } = timer.as_mut().project()
                && !matches!(due, Due::Enclosing { .. })
                && sleep.deadline() <= now
            {
                return Poll::Ready(*due == Due::Inherited);
            }
        }
        TimerProj::Delegated { own } => {
            let own = *own;
            if enclosing.enforced && enclosing.at.is_some_and(|at| at <= own) {
                return Poll::Pending;
            }
            arm(timer.as_mut(), own, enclosing.soonest(clock::now()));
        }
        TimerProj::Armed { .. } => {}
    }
    loop {
        let TimerProj::Armed { own, due, sleep } = timer.as_mut().project() else {
            return Poll::Pending;
        };
        let elapsed = if starved {
            Pin::new(&mut coop::unconstrained(sleep)).poll(cx)
        } else {
            sleep.poll(cx)
        };
        if elapsed.is_pending() {
            return Poll::Pending;
        }
        let own = *own;
        match *due {
            Due::Own => return Poll::Ready(false),
            Due::Inherited => return Poll::Ready(true),
            Due::Enclosing { late } => {
                let now = clock::now();
                let theirs = enclosing.soonest(now).filter(|(at, _)| *at <= own);
                match theirs {
                    Some((at, true)) if at <= now && late => return Poll::Ready(now < own),
                    Some((at, true)) if at <= now => timer.set(Timer::Armed {
                        own,
                        due: Due::Enclosing { late: true },
                        sleep: clock::sleep_until(clock::add(now, GRACE)),
                    }),
                    // Moved out from under it, or under another one.
                    _ => arm(timer.as_mut(), own, theirs),
                }
            }
        }
    }
}

/// How long the timeout around may take to answer, once it is due. It has been polled to poll this
/// one, and answers within that poll, unless it is blocked in it.
const GRACE: Duration = Duration::from_millis(1);

/// Sets the timer to our own limit, or to the sooner one around us.
fn arm(mut timer: Pin<&mut Timer>, own: Instant, theirs: Option<(Instant, bool)>) {
    let (at, due) = match theirs {
        Some((at, true)) if at <= own => (at, Due::Enclosing { late: false }),
        Some((at, false)) if at < own => (at, Due::Inherited),
        _ => (own, Due::Own),
    };
    timer.set(Timer::Armed {
        own,
        due,
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
