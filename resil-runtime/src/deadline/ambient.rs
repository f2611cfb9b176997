//! The thread-local that holds the deadline in force.
//!
//! It is set while a future is polled and put back afterwards, also when the poll unwinds. A limit
//! that has not begun to count (a `#[timeout]` in its first poll) is kept as a duration, so that a
//! body that is ready at once costs no reading of the clock. The first look at the deadline starts
//! such a limit.

use std::cell::Cell;
use std::time::Duration;

use crate::clock::{self, Instant};

/// The value of [`Ambient::unstarted`] if there is no such limit.
const NONE: Duration = Duration::MAX;

struct Ambient {
    /// The soonest limit that has begun to count.
    at: Cell<Option<Instant>>,
    /// Whether the timer of an enclosing timeout enforces `at`.
    enforced: Cell<bool>,
    /// The shortest limit that has not begun to count.
    unstarted: Cell<Duration>,
    /// The instant at which a look started the unstarted limits, during the first poll that is
    /// running.
    looked: Cell<Option<Instant>>,
}

thread_local! {
    static AMBIENT: Ambient = const {
        Ambient {
            at: Cell::new(None),
            enforced: Cell::new(false),
            unstarted: Cell::new(NONE),
            looked: Cell::new(None),
        }
    };
}

/// Returns the deadline in force, and starts the limits that had not begun to count.
pub(super) fn current() -> Option<Instant> {
    AMBIENT.with(Ambient::current)
}

impl Ambient {
    fn current(&self) -> Option<Instant> {
        if self.unstarted.get() != NONE {
            let now = clock::now();
            self.start(now, self.unstarted.get());
            self.unstarted.set(NONE);
            self.looked.set(Some(now));
        }
        self.at.get()
    }

    fn start(&self, now: Instant, limit: Duration) {
        let at = clock::add(now, limit);
        if self.at.get().is_none_or(|other| at < other) {
            self.at.set(Some(at));
            self.enforced.set(true);
        }
    }
}

/// The limits around a timeout, as they were before its body was polled.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing {
    pub(crate) at: Option<Instant>,
    pub(crate) enforced: bool,
    unstarted: Duration,
}

impl Enclosing {
    /// Returns the soonest of the limits around, and whether a timeout enforces it. Limits that
    /// have not begun to count are taken to start at `now`.
    pub(crate) fn soonest(&self, now: Instant) -> Option<(Instant, bool)> {
        let started = self.at.map(|at| (at, self.enforced));
        let unstarted = (self.unstarted != NONE).then(|| (clock::add(now, self.unstarted), true));
        match (started, unstarted) {
            (Some(s), Some(u)) => Some(if s.0 <= u.0 { s } else { u }),
            (s, u) => s.or(u),
        }
    }
}

/// One level of the ambient deadline, in force for the time of one poll. Dropping it puts back what
/// was in force before.
pub(crate) struct AmbientFrame {
    saved: Enclosing,
    saved_looked: Option<Instant>,
}

impl AmbientFrame {
    /// Enters a limit that has begun to count and ends at `at`; `enforced` says whether a timer
    /// enforces it.
    #[inline(always)]
    pub(crate) fn fixed(at: Instant, enforced: bool) -> Self {
        let frame = Self::save();
        if frame.saved.at.is_none_or(|other| at < other) {
            AMBIENT.with(|a| {
                a.at.set(Some(at));
                a.enforced.set(enforced);
            });
        }
        frame
    }

    /// Enters a limit that begins to count when this poll ends, or at the first look at the
    /// deadline.
    #[inline(always)]
    pub(crate) fn unstarted(limit: Duration) -> Self {
        let frame = Self::save();
        AMBIENT.with(|a| {
            a.unstarted.set(limit.min(frame.saved.unstarted));
            a.looked.set(None);
        });
        frame
    }

    #[inline(always)]
    fn save() -> Self {
        AMBIENT.with(|a| Self {
            saved: Enclosing {
                at: a.at.get(),
                enforced: a.enforced.get(),
                unstarted: a.unstarted.get(),
            },
            saved_looked: a.looked.get(),
        })
    }

    /// Returns the limits around this level.
    pub(crate) fn enclosing(&self) -> Enclosing {
        self.saved
    }

    /// Returns the instant at which a look at the deadline started this level's limit, if one did.
    #[expect(
        clippy::unused_self,
        reason = "only while this level is the innermost one"
    )]
    pub(crate) fn looked(&self) -> Option<Instant> {
        AMBIENT.with(|a| a.looked.get())
    }
}

impl Drop for AmbientFrame {
    #[inline(always)]
    fn drop(&mut self) {
        AMBIENT.with(|a| {
            let looked = a.looked.replace(self.saved_looked);
            a.at.set(self.saved.at);
            a.enforced.set(self.saved.enforced);
            if self.saved.unstarted == NONE {
                a.unstarted.set(NONE);
            } else {
                self.hand_on(a, looked);
            }
        });
    }
}

impl AmbientFrame {
    /// Puts back the limits around this level that had not begun to count. If a look inside this
    /// level started its limit, the same look starts them too.
    fn hand_on(&self, a: &Ambient, looked: Option<Instant>) {
        if a.unstarted.get() == NONE
            && let Some(now) = looked
        {
            a.start(now, self.saved.unstarted);
            a.looked.set(Some(now));
        } else {
            a.unstarted.set(self.saved.unstarted);
        }
    }
}
