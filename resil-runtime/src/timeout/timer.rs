//! The timer of a timeout: when it is made, and which of several limits it stands for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::clock::{self, Instant, Sleep};
use crate::deadline::{AmbientFrame, Enclosing};

pin_project! {
    #[project = TimerProj]
    #[derive(Debug)]
    pub(super) enum Timer {
        // The first poll has not ended yet.
        Unstarted { enclosed: bool },
        // The timeout around, of the same stack, fires no later, so this one has no timer.
        Delegated { own: Instant },
        Armed { own: Instant, due: Due, #[pin] sleep: Sleep },
    }
}

/// Which limit a timer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The limit of this timeout.
    Own,
    /// A deadline of the caller's that no timer enforces.
    Inherited,
    /// The limit of a timeout around this one, which refuses by itself. `late` means that it was
    /// due and did not refuse.
    Enclosing { late: bool },
}

impl Timer {
    /// Creates a timer that is not armed. `enclosed` means that the next layer outside is a timeout
    /// of the same stack.
    #[inline(always)]
    pub(super) const fn new(enclosed: bool) -> Self {
        Self::Unstarted { enclosed }
    }

    /// Puts the limit in force for the poll that is about to begin.
    #[inline(always)]
    pub(super) fn enter(self: Pin<&mut Self>, limit: Duration) -> AmbientFrame {
        match self.project() {
            TimerProj::Unstarted { .. } => AmbientFrame::unstarted(limit),
            TimerProj::Delegated { own } => AmbientFrame::fixed(*own, false),
            TimerProj::Armed {
                due: Due::Inherited,
                sleep,
                ..
            } => AmbientFrame::fixed(sleep.deadline(), true),
            TimerProj::Armed { own, .. } => AmbientFrame::fixed(*own, true),
        }
    }
}

/// Polls the timer after a pending poll of the body, and makes it if it is needed. It is ready when
/// the time is over, with true if a limit around this timeout ended it and not `limit`.
///
/// * `looked` is the instant at which a look at the deadline started the limit, if one did.
/// * `starved` says that the body used up tokio's budget of the task.
pub(super) fn wait(
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
            // The limit passed during the first poll: no timer has to fire.
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
                    // The body has since been moved out of that timeout, or into another one.
                    _ => arm(timer.as_mut(), own, theirs),
                }
            }
        }
    }
}

/// The time that the timeout around has for its refusal once it is due. This one is polled from
/// within a poll of the one around, which refuses in that same poll unless it is blocked in it.
const GRACE: Duration = Duration::from_millis(1);

/// Arms the timer for the timeout's own limit, or for the sooner one around it.
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
