//! The timer of a timeout: when it is made, and which of several limits it stands for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::clock::{self, Instant, Sleep};
use crate::deadline::{AmbientFrame, Enclosing, Kept};

pin_project! {
    // As large as a `Sleep` and one word: the variant without one is told by a value that a `Sleep`
    // can't have. There is one such variant, so that it takes one test to see that nothing has to be
    // dropped.
    #[project = TimerProj]
    #[derive(Debug)]
    pub(crate) enum Timer {
        Idle { idle: Idle },
        Armed { due: Due, #[pin] sleep: Sleep },
    }
}

/// The state of a timer that is not armed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Idle {
    /// The first poll has not ended yet. The limit is in nanoseconds; `enclosed` means that the next
    /// layer outside is a timeout of the same stack.
    Unstarted { limit: u64, enclosed: bool },
    /// A look at the deadline has started the limit, and no poll has been pending since.
    Started { own: Instant, enclosed: bool },
    /// The timeout around, of the same stack, fires no later, so this one has no timer.
    Delegated { own: Instant },
}

/// The limit of a [`timeout`](super::timeout) has passed.
#[derive(Debug, Clone, Copy)]
pub struct Elapsed {
    /// Whether a limit around the timeout ended it, and not its own.
    pub(crate) inherited: bool,
}

/// Which limit a timer stands for, and the distance from there to the timeout's own, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due(u64);

impl Due {
    /// The limit of this timeout.
    const OWN: Self = Self(0);
    /// A deadline of the caller's that no timer enforces.
    const INHERITED: Self = Self(1);
    /// The limit of a timeout around this one, which refuses by itself.
    const ENCLOSING: u64 = 2;
    /// The same; it was due and did not refuse.
    const LATE: u64 = 3;

    /// Returns the mark `kind` of a timer that is armed for `at`, while the own limit is `own`.
    fn enclosing(kind: u64, at: Instant, own: Instant) -> Self {
        // What lies farther apart is some decades away.
        let nanos = clock::nanos(own.saturating_duration_since(at));
        Self(nanos << 2 | kind)
    }

    fn is_enclosing(self) -> bool {
        self.0 & Self::ENCLOSING != 0
    }

    fn is_late(self) -> bool {
        self.0 & Self::LATE == Self::LATE
    }

    /// Returns the end of the own limit, where the timer is armed for `at`.
    fn own(self, at: Instant) -> Instant {
        if self.0 >> 2 == 0 {
            return at;
        }
        clock::add_nanos(at, self.0 >> 2)
    }
}

impl Timer {
    /// Creates a timer that is not armed.
    #[inline(always)]
    pub(crate) const fn new(limit: u64, enclosed: bool) -> Self {
        let idle = Idle::Unstarted { limit, enclosed };
        Self::Idle { idle }
    }

    /// Returns whether there is no limit: the layer is switched off.
    #[cfg(all(feature = "control", not(loom)))]
    #[inline(always)]
    pub(crate) fn is_off(&self) -> bool {
        matches!(
            self,
            Self::Idle {
                idle: Idle::Unstarted {
                    limit: u64::MAX,
                    ..
                }
            }
        )
    }

    /// Puts the limit in force for the poll that is about to begin. Returns whether there is some of
    /// tokio's budget of the task, as far as [`wait`] has to know: not in the first poll, as a timer
    /// that is made after it is not due yet. If no budget is left to register the timer with, tokio
    /// wakes the task.
    #[inline(always)]
    pub(crate) fn enter<'a>(&self, kept: &'a Kept) -> (AmbientFrame<'a>, bool) {
        if let Self::Idle {
            idle: Idle::Unstarted { limit, .. },
        } = *self
        {
            return (AmbientFrame::unstarted(limit, kept), false);
        }
        let had_budget = self.start(kept);
        (AmbientFrame::started(kept), had_budget)
    }

    /// Leaves `frame`, the level of a poll that goes on: it enters the limit once more. If a look at the
    /// deadline has started the limit, the limit goes on from that look.
    #[cold]
    pub(crate) fn pause(mut self: Pin<&mut Self>, frame: AmbientFrame<'_>) {
        let looked = frame.leave();
        let Self::Idle {
            idle: Idle::Unstarted { limit, enclosed },
        } = *self
        else {
            return;
        };
        if let Some(now) = looked {
            self.set(Self::started(now, limit, enclosed));
        }
    }

    /// Creates a timer that is not armed, of a limit that a look at the deadline has started.
    pub(crate) fn started(now: Instant, limit: u64, enclosed: bool) -> Self {
        let own = clock::add_nanos(now, limit);
        let idle = Idle::Started { own, enclosed };
        Self::Idle { idle }
    }

    /// Puts the limit in force that has begun to count. Returns whether there is some of tokio's budget
    /// of the task.
    #[inline(never)]
    fn start(&self, kept: &Kept) -> bool {
        match self {
            Self::Idle { idle } => match *idle {
                Idle::Unstarted { .. } => {}
                // It has a timer once the poll is pending.
                Idle::Started { own, .. } => kept.start(own, true),
                Idle::Delegated { own } => kept.start(own, false),
            },
            Self::Armed { due, sleep } => kept.start(due.own(sleep.deadline()), true),
        }
        coop::has_budget_remaining()
    }
}

/// Polls the timer after a pending poll of the body, and makes it if it is needed. It is ready when
/// the time is over.
///
/// * `frame` is the level of the deadline that the body was polled in.
/// * `had_budget` says that there was some of tokio's budget of the task before the body was polled.
#[inline(never)]
pub(crate) fn wait(
    mut timer: Pin<&mut Timer>,
    frame: AmbientFrame<'_>,
    had_budget: bool,
    cx: &mut Context<'_>,
) -> Poll<Elapsed> {
    let looked = frame.leave();
    match *timer {
        Timer::Idle {
            idle: Idle::Unstarted { limit, enclosed },
        } => {
            let now = clock::now();
            let own = clock::add_nanos(looked.unwrap_or(now), limit);
            if let Some(poll) = timer.as_mut().first_arm(now, own, enclosed) {
                return poll;
            }
        }
        Timer::Idle {
            idle: Idle::Started { own, enclosed },
        } => {
            if let Some(poll) = timer.as_mut().first_arm(clock::now(), own, enclosed) {
                return poll;
            }
        }
        Timer::Idle {
            idle: Idle::Delegated { own },
        } => {
            let enclosing = Enclosing::here();
            if enclosing.enforces(own) {
                return Poll::Pending;
            }
            let (at, due) = soonest(own, enclosing.soonest(clock::now()));
            timer.as_mut().arm(at, due);
        }
        Timer::Armed { .. } => {}
    }
    loop {
        let TimerProj::Armed { due, sleep } = timer.as_mut().project() else {
            return Poll::Pending;
        };
        let at = sleep.deadline();
        ready!(clock::poll_sleep(sleep, had_budget, cx));
        let due = *due;
        if !due.is_enclosing() {
            return Poll::Ready(due.into());
        }
        let (own, now) = (due.own(at), clock::now());
        let theirs = Enclosing::here().soonest(now).filter(|(at, _)| *at <= own);
        let (at, due) = match theirs {
            Some((at, true)) if at <= now && due.is_late() => {
                let inherited = now < own;
                return Poll::Ready(Elapsed { inherited });
            }
            Some((at, true)) if at <= now => {
                let at = clock::add(now, GRACE);
                (at, Due::enclosing(Due::LATE, at, own))
            }
            // The body has since been moved out of that timeout, or into another one.
            _ => soonest(own, theirs),
        };
        timer.as_mut().arm(at, due);
    }
}

/// The time that the timeout around has for its refusal once it is due. This one is polled from
/// within a poll of the one around, which refuses in that same poll unless it is blocked in it.
const GRACE: Duration = Duration::from_millis(1);

/// Returns when to arm the timer, and for which limit: the timeout's own, or the sooner one around
/// it.
fn soonest(own: Instant, theirs: Option<(Instant, bool)>) -> (Instant, Due) {
    match theirs {
        Some((at, true)) if at <= own => (at, Due::enclosing(Due::ENCLOSING, at, own)),
        Some((at, false)) if at < own => (at, Due::INHERITED),
        _ => (own, Due::OWN),
    }
}

impl Timer {
    /// Arms the timer after the first pending poll, unless the timeout around, of the same stack, fires
    /// no later. Returns what the poll comes to, if that is known without the timer.
    #[inline(always)]
    fn first_arm(
        mut self: Pin<&mut Self>,
        now: Instant,
        own: Instant,
        enclosed: bool,
    ) -> Option<Poll<Elapsed>> {
        let theirs = Enclosing::here().soonest(now);
        if enclosed && theirs.is_some_and(|(at, _)| at <= own) {
            let idle = Idle::Delegated { own };
            self.set(Self::Idle { idle });
            return Some(Poll::Pending);
        }
        let (at, due) = soonest(own, theirs);
        self.arm(at, due);
        // The limit passed during the first poll: no timer has to fire.
        (at <= now && !due.is_enclosing()).then(|| Poll::Ready(due.into()))
    }

    #[inline(always)]
    fn arm(mut self: Pin<&mut Self>, at: Instant, due: Due) {
        let sleep = clock::sleep_until(at);
        self.set(Self::Armed { due, sleep });
    }
}

impl From<Due> for Elapsed {
    fn from(due: Due) -> Self {
        Self {
            inherited: due == Due::INHERITED,
        }
    }
}
