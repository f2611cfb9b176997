//! The ambient deadline: the sooner of all limits in force, seen across function borders.
//!
//! It lives in a thread-local that is set while a future is polled and put back afterwards, also
//! when the poll unwinds. A limit that has not begun to count (a `#[timeout]` in its first poll)
//! is kept as a duration, so that what is ready at once costs no clock; the first look at the
//! deadline starts it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::{self, Instant};
use crate::trace::Around;

/// A point in time by which the work that is running should be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at `at`.
    pub fn at(at: Instant) -> Self {
        Self(at)
    }

    /// The deadline `limit` from now; at most about 30 years ahead.
    pub fn after(limit: Duration) -> Self {
        Self(clock::add(clock::now(), limit))
    }

    /// The deadline in force: the soonest of all enclosing `#[timeout]`s and
    /// [`scope`](Self::scope)s, `None` if there is none.
    ///
    /// A `#[timeout]` whose body is in its first poll has not begun to count yet: the first look
    /// starts it.
    ///
    /// It is the deadline of what is being polled on this thread: a task of a `LocalSet` that an
    /// annotated function drives sees the function's, as what it calls does.
    pub fn current() -> Option<Self> {
        AMBIENT.with(Ambient::current).map(Self)
    }

    /// When it is.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// How long from now; zero if it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(clock::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.0 <= clock::now()
    }

    /// Runs `future` with this deadline in force, or the one already in force where that is
    /// sooner.
    ///
    /// A scope informs and does not interrupt: `#[timeout]`s and `#[retry]`s inside keep to it,
    /// other code may ask for it. To interrupt, use `#[timeout]`.
    ///
    /// A function whose `#[timeout]` it cuts short answers that the deadline was its caller's
    /// (`inherited`). That says nothing of what was called: a `#[retry]` of another function does not
    /// try again, and no `#[circuit]` counts it. To bound each attempt, write `#[timeout]` below
    /// `#[retry]`.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped {
            future,
            deadline: Some(self),
        }
    }
}

pin_project! {
    /// A future that runs with a deadline in force: see [`Deadline::scope`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        deadline: Option<Deadline>,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match *this.deadline {
            None => this.future.poll(cx),
            Some(Deadline(at)) => {
                let _frame = Frame::fixed(at, false);
                this.future.poll(cx)
            }
        }
    }
}

/// Spawns `future` on the current tokio runtime, with the deadline that is in force here.
///
/// A thread-local does not follow `tokio::spawn`; this carries it, and the [`trace`](crate::trace())
/// around this place too. As with [`Deadline::scope`], the deadline informs what runs inside and does
/// not end the task. For tasks that something else starts, there is [`carry`].
///
/// # Panics
///
/// Outside a tokio runtime, as `tokio::spawn` does.
#[track_caller]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(carry(future))
}

/// Runs `future` with the deadline that is in force here, wherever it is polled: for what
/// [`spawn`] does not start, such as the tasks of a `JoinSet` or a `LocalSet`. Without a deadline in
/// force it runs as it is.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::{Deadline, carry};
/// use tokio::task::JoinSet;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// Deadline::after(Duration::from_secs(5)).scope(async {
///     let mut tasks = JoinSet::new();
///     for _ in 0..3 {
///         tasks.spawn(carry(async { Deadline::current() }));
///     }
///     while let Some(deadline) = tasks.join_next().await {
///         assert_eq!(deadline.unwrap(), Deadline::current());
///     }
/// })
/// .await;
/// # }
/// ```
///
/// As with [`Deadline::scope`], the deadline informs what runs inside and does not end it. The
/// [`trace`](crate::trace()) around this place is carried along.
pub fn carry<F: Future>(future: F) -> Carried<F> {
    Carried {
        future: Scoped {
            future,
            deadline: Deadline::current(),
        },
        traces: Around::here(),
    }
}

pin_project! {
    /// The future of [`carry`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Carried<F> {
        #[pin]
        future: Scoped<F>,
        traces: Around,
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future;
        this.traces.enter(|| future.poll(cx))
    }
}

/// No limit waits to be started.
const NONE: Duration = Duration::MAX;

struct Ambient {
    /// The soonest limit that has begun to count.
    at: Cell<Option<Instant>>,
    /// Whether a timer of an enclosing timeout stands behind `at`.
    enforced: Cell<bool>,
    /// The shortest limit that has not begun to count.
    unstarted: Cell<Duration>,
    /// When unstarted limits were started by a look, in the first poll that is running.
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

/// What encloses a timeout: seen by it before its body is polled.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing {
    pub(crate) at: Option<Instant>,
    pub(crate) enforced: bool,
    unstarted: Duration,
}

impl Enclosing {
    /// The soonest deadline around, `now` being the start of what has not begun to count, and whether
    /// a timeout stands behind it.
    pub(crate) fn soonest(&self, now: Instant) -> Option<(Instant, bool)> {
        let started = self.at.map(|at| (at, self.enforced));
        let unstarted = (self.unstarted != NONE).then(|| (clock::add(now, self.unstarted), true));
        match (started, unstarted) {
            (Some(s), Some(u)) => Some(if s.0 <= u.0 { s } else { u }),
            (s, u) => s.or(u),
        }
    }
}

/// One level of the ambient deadline, for the time of one poll.
pub(crate) struct Frame {
    saved: Enclosing,
    saved_looked: Option<Instant>,
}

impl Frame {
    /// A limit that has begun to count and ends at `at`; `enforced` if a timer stands behind it.
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

    /// A limit that begins to count when this poll ends, or when somebody looks.
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

    /// What is around this level.
    pub(crate) fn enclosing(&self) -> Enclosing {
        self.saved
    }

    /// When somebody inside looked at the deadline, if that started this level's limit.
    #[expect(
        clippy::unused_self,
        reason = "only while this level is the innermost one"
    )]
    pub(crate) fn looked(&self) -> Option<Instant> {
        AMBIENT.with(|a| a.looked.get())
    }
}

impl Drop for Frame {
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

impl Frame {
    /// A look inside this level started the limits around it too.
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
