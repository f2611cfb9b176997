//! The thread-local that holds the deadline in force.
//!
//! It is set while a future is polled and put back afterwards, also when the poll unwinds. A limit
//! that has not begun to count (a `#[timeout]` in its first poll) is kept as a number of
//! nanoseconds, so that a body that is ready at once costs no reading of the clock. The first look
//! at the deadline starts such a limit.
//!
//! A first poll therefore changes one word, and compares it afterwards: if it is what was stored,
//! nobody looked. All that a look overwrites is kept by the look itself, in [`Looked`].

use std::cell::Cell;
use std::marker::PhantomData;

use crate::clock::{self, Instant};

/// The value of [`Ambient::unstarted`] if there is no such limit.
const NONE: u64 = u64::MAX;

/// The value of [`Ambient::unstarted`] if there were such limits, and a look has started them.
const LOOKED: u64 = u64::MAX - 1;

/// A value that [`Ambient::unstarted`] never has.
const NEVER: u64 = u64::MAX - 2;

struct Ambient {
    /// The soonest limit that has begun to count.
    started: Cell<Started>,
    /// The shortest limit that has not begun to count, in nanoseconds.
    unstarted: Cell<u64>,
    /// The look that started the limits, while `unstarted` is [`LOOKED`].
    looked: Cell<Looked>,
}

/// The soonest limit that has begun to count.
#[derive(Debug, Clone, Copy)]
struct Started {
    at: Option<Instant>,
    /// Whether the timer of an enclosing timeout enforces `at`.
    enforced: bool,
}

/// A look at the deadline that started limits.
#[derive(Debug, Clone, Copy)]
struct Looked {
    /// The instant of the look.
    now: Option<Instant>,
    /// What was in force before the limits were started.
    before: Started,
}

impl Started {
    const NOTHING: Self = Self {
        at: None,
        enforced: false,
    };

    /// Returns the sooner one of `self` and a limit that began to count at `now`.
    fn or(self, now: Instant, limit: u64) -> Self {
        let at = clock::add_nanos(now, limit);
        if self.at.is_none_or(|other| at < other) {
            let at = Some(at);
            return Self { at, enforced: true };
        }
        self
    }
}

thread_local! {
    static AMBIENT: Ambient = const {
        Ambient {
            started: Cell::new(Started::NOTHING),
            unstarted: Cell::new(NONE),
            looked: Cell::new(Looked { now: None, before: Started::NOTHING }),
        }
    };
}

/// Returns the deadline in force, and starts the limits that had not begun to count.
pub(super) fn current() -> Option<Instant> {
    AMBIENT.with(|a| {
        let limit = a.unstarted.get();
        if limit < LOOKED {
            let now = clock::now();
            a.start(now, limit);
        }
        a.started.get().at
    })
}

impl Ambient {
    /// Starts the shortest limit that had not begun to count at `now`, the instant of a look.
    fn start(&self, now: Instant, limit: u64) {
        let before = self.started.get();
        self.looked.set(Looked {
            now: Some(now),
            before,
        });
        self.started.set(before.or(now, limit));
        self.unstarted.set(LOOKED);
    }
}

/// The limits around a timeout, as they are between the polls of its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enclosing {
    started: Started,
    unstarted: u64,
}

impl Enclosing {
    /// Returns the limits in force here.
    pub(crate) fn here() -> Self {
        AMBIENT.with(|a| Self {
            started: a.started.get(),
            unstarted: a.unstarted.get(),
        })
    }

    /// Returns the soonest of the limits around, and whether a timeout enforces it. Limits that
    /// have not begun to count are taken to start at `now`.
    pub(crate) fn soonest(&self, now: Instant) -> Option<(Instant, bool)> {
        let Started { at, enforced } = if self.unstarted < LOOKED {
            self.started.or(now, self.unstarted)
        } else {
            self.started
        };
        at.map(|at| (at, enforced))
    }

    /// Whether the timer of a timeout around enforces a limit that ends at `own` or sooner.
    pub(crate) fn enforces(&self, own: Instant) -> bool {
        self.started.enforced && self.started.at.is_some_and(|at| at <= own)
    }
}

/// One level of the ambient deadline, in force for the time of one poll. [`leave`](Self::leave)
/// puts back what was in force before; so does dropping it, when the poll unwinds.
#[must_use = "leave it after the poll"]
pub(crate) struct AmbientFrame<'a> {
    words: Words,
    kept: &'a Kept,
}

/// The part of a level that stays in registers.
#[derive(Clone, Copy)]
struct Words {
    /// The value of [`Ambient::unstarted`] while nobody has looked, if nothing else is to be put back.
    stored: u64,
    /// The value of [`Ambient::unstarted`] before.
    around: u64,
}

/// What a level keeps beside the word of the limits that have not begun to count. It has a place of
/// its own, so that a level that keeps nothing is not copied.
pub(crate) struct Kept(Cell<What>);

#[derive(Clone, Copy)]
enum What {
    /// The first poll of a timeout: the look keeps what it overwrites.
    Nothing,
    /// A limit that has begun to count: the one around it, and the value of
    /// [`Ambient::unstarted`] before.
    Started(Started, u64),
    /// The first poll of a timeout, after a look that started the limits around it: the next look
    /// overwrites what that one has kept.
    Looked(Started, Looked),
}

impl Kept {
    /// Creates the place for what a level keeps.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self(Cell::new(What::Nothing))
    }

    /// Puts a limit in force that has begun to count and ends at `at`; `enforced` says whether a
    /// timer enforces it. The level that enters it comes next: [`AmbientFrame::started`].
    #[inline]
    pub(crate) fn start(&self, at: Instant, enforced: bool) {
        AMBIENT.with(|a| {
            let around = a.started.get();
            self.0.set(What::Started(around, a.unstarted.get()));
            if around.at.is_none_or(|other| at < other) {
                let at = Some(at);
                a.started.set(Started { at, enforced });
            }
        });
    }
}

impl<'a> AmbientFrame<'a> {
    /// Enters a limit that begins to count when this poll ends, or at the first look at the
    /// deadline. It is in nanoseconds, as [`clock::nanos`] returns it.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn unstarted(limit: u64, kept: &'a Kept) -> Self {
        AMBIENT.with(|a| {
            let around = a.unstarted.get();
            let words = if around == LOOKED {
                after_look(limit, kept)
            } else {
                let stored = limit.min(around);
                a.unstarted.set(stored);
                Words { stored, around }
            };
            Self { words, kept }
        })
    }

    /// Enters the limit that `kept` has [put in force](Kept::start).
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn started(kept: &'a Kept) -> Self {
        let words = Words {
            stored: NEVER,
            around: NONE,
        };
        Self { words, kept }
    }

    /// Puts back what was in force before this level. Returns the instant at which a look at the
    /// deadline started its limit, if one did.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leave(self) -> Option<Instant> {
        let Self { words, kept } = self;
        std::mem::forget(self);
        AMBIENT.with(|a| {
            if a.unstarted.get() == words.stored {
                a.unstarted.set(words.around);
                None
            } else {
                restore(words.around, kept)
            }
        })
    }
}

impl Drop for AmbientFrame<'_> {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        unwind(self.words.around, self.kept);
    }
}

/// A limit that has begun to count, in force until this is dropped.
#[must_use = "dropped, the limit is not in force any more"]
#[derive(Debug)]
pub struct InForce {
    /// What was in force before.
    around: Started,
    unstarted: u64,
    /// What is in force belongs to the thread.
    of_thread: PhantomData<*const ()>,
}

impl InForce {
    /// Puts a limit in force that ends at `at`, or leaves the one that is in force if that is sooner; `enforced` says
    /// whether a timer enforces it.
    #[inline]
    pub(crate) fn new(at: Instant, enforced: bool) -> Self {
        AMBIENT.with(|a| {
            let around = a.started.get();
            if around.at.is_none_or(|other| at < other) {
                let at = Some(at);
                a.started.set(Started { at, enforced });
            }
            Self {
                around,
                unstarted: a.unstarted.get(),
                of_thread: PhantomData,
            }
        })
    }

    /// Puts a limit in force that ends at `at`, in the place of all that are in force, and that a timer enforces.
    #[cfg(all(feature = "edge", not(loom)))]
    pub(super) fn alone(at: Instant) -> Self {
        let alone = Started {
            at: Some(at),
            enforced: true,
        };
        AMBIENT.with(|a| Self {
            around: a.started.replace(alone),
            unstarted: a.unstarted.replace(NONE),
            of_thread: PhantomData,
        })
    }
}

impl Drop for InForce {
    #[inline]
    fn drop(&mut self) {
        AMBIENT.with(|a| {
            a.started.set(self.around);
            if a.unstarted.get() != self.unstarted {
                put_back(self.unstarted);
            }
        });
    }
}

/// Puts the limits back that had not begun to count. If a look has started them inside, it starts them here too.
#[cold]
#[inline(never)]
fn put_back(unstarted: u64) {
    AMBIENT.with(|a| {
        let has_looked = a.unstarted.get() == LOOKED;
        a.unstarted.set(unstarted);
        if let Some(now) = a.looked.get().now
            && has_looked
            && unstarted < LOOKED
        {
            a.start(now, unstarted);
        }
    });
}

#[cold]
#[inline(never)]
fn after_look(limit: u64, kept: &Kept) -> Words {
    AMBIENT.with(|a| {
        kept.0.set(What::Looked(a.started.get(), a.looked.get()));
        a.unstarted.set(limit);
    });
    Words {
        stored: NEVER,
        around: LOOKED,
    }
}

#[cold]
#[inline(never)]
fn unwind(around: u64, kept: &Kept) {
    restore(around, kept);
}

/// Puts back what was in force before a level. If a look inside this level started its limit, the
/// same look starts the limits around it that had not begun to count.
#[inline(never)]
fn restore(around: u64, kept: &Kept) -> Option<Instant> {
    AMBIENT.with(|a| {
        let has_looked = a.unstarted.get() == LOOKED;
        let (around, before) = match kept.0.get() {
            What::Started(started, around) => (around, started),
            What::Nothing if has_looked => (around, a.looked.get().before),
            What::Nothing => (around, a.started.get()),
            What::Looked(started, _) => (around, started),
        };
        a.started.set(before);
        a.unstarted.set(around);
        if !has_looked {
            return None;
        }
        let now = a.looked.get().now;
        if let What::Looked(_, before) = kept.0.get() {
            a.looked.set(before);
        }
        if let Some(now) = now
            && around < LOOKED
        {
            a.start(now, around);
        }
        now
    })
}
