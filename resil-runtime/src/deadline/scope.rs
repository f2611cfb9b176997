//! A deadline as a value, and a future that runs with it in force.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::ambient::{self, InForce};
use crate::clock::{self, Instant};

/// The instant by which the work that is running should be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Creates the deadline at `at`.
    pub fn at(at: Instant) -> Self {
        Self(at)
    }

    /// Creates the deadline `limit` from now; at most about 30 years ahead.
    pub fn after(limit: Duration) -> Self {
        Self(clock::add(clock::now(), limit))
    }

    /// Returns the deadline in force: the soonest of all enclosing `#[timeout]`s and
    /// [`scope`](Self::scope)s, or `None` if there is none.
    ///
    /// A `#[timeout]` whose body is in its first poll has not begun to count yet: the first call of
    /// this function starts it.
    ///
    /// The deadline belongs to what is being polled on this thread: a task of a `LocalSet` that an
    /// annotated function drives sees the deadline of that function, as the functions that it calls
    /// do.
    pub fn current() -> Option<Self> {
        ambient::current().map(Self)
    }

    /// Returns the instant of the deadline.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Returns the time that is left; zero if the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(clock::now())
    }

    /// Returns whether the deadline has passed.
    pub fn has_passed(self) -> bool {
        self.0 <= clock::now()
    }

    /// Runs `future` with this deadline in force, or with the one already in force if that is
    /// sooner.
    ///
    /// A scope informs and does not interrupt: `#[timeout]`s and `#[retry]`s inside keep to the
    /// deadline, and other code can ask for it with [`current`](Self::current). To interrupt, use
    /// `#[timeout]`. Dropping the returned future drops `future`.
    ///
    /// A function whose `#[timeout]` is cut short by the deadline returns
    /// [`Error::Timeout`](crate::Error::Timeout) with `inherited: true`. Such a timeout says
    /// nothing about the other side: a `#[retry]` of another function does not try again, and no
    /// `#[circuit]` counts it. To bound each attempt, write `#[timeout]` below `#[retry]`.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped {
            future,
            deadline: Some(self),
        }
    }
}

/// Puts `deadline` in force, or leaves the one that is in force if that is sooner, until the result is dropped: for the
/// time of a poll or of a call. Who calls drops what it polls when the deadline passes: the timeouts inside leave that to
/// it.
#[cfg(all(feature = "edge", not(loom)))]
#[inline]
pub fn in_force(deadline: Deadline) -> InForce {
    InForce::new(deadline.0, true)
}

/// Puts `deadline` in force alone until the result is dropped, as [`in_force`] does: for work that goes on though nobody
/// waits for it any more.
#[cfg(all(feature = "edge", not(loom)))]
pub fn alone_in_force(deadline: Deadline) -> InForce {
    InForce::alone(deadline.0)
}

pin_project! {
    /// The future of [`Deadline::scope`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        deadline: Option<Deadline>,
    }
}

impl<F> Scoped<F> {
    /// Wraps `future` so that it runs with the deadline that is in force here; without one it runs
    /// unchanged.
    pub(super) fn inherit(future: F) -> Self {
        Self {
            future,
            deadline: Deadline::current(),
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match *this.deadline {
            None => this.future.poll(cx),
            Some(deadline) => {
                let _in_force = InForce::new(deadline.0, false);
                this.future.poll(cx)
            }
        }
    }
}
