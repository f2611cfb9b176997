//! What an adaptive bulkhead gathers from its calls: the latencies of one window, in atomics, so that
//! a call that ends takes no lock. The call that completes a window takes the lock of the
//! [`Gradient`] and lets it compute the next limit.
//!
//! A window begins one round trip after the limit may have changed: the calls that end before that have
//! met the limit of before.

use std::sync::PoisonError;

use super::gradient::{Gradient, UNIT, Window};
use super::policy::AdaptiveLimit;
use super::word::Word;
use crate::classify::Class;
use crate::error::RefusalKind;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering::Relaxed};

/// What the end of a call says about the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It answered: its latency counts.
    Answered,
    /// It refused, was too slow, or asks to be called less often.
    Overloaded,
    /// Nothing: it is unknown how long an answer would have taken.
    Nothing,
}

impl Lesson {
    /// Returns what the outcome of a call says. `class` is that of an error of the body.
    pub(super) fn of(is_ok: bool, refusal: Option<RefusalKind>, class: Option<Class>) -> Self {
        match refusal {
            _ if is_ok => Self::Answered,
            Some(
                RefusalKind::Timeout { inherited: false }
                | RefusalKind::CircuitOpen { .. }
                | RefusalKind::BulkheadFull
                | RefusalKind::RateLimited {
                    is_possible: true, ..
                },
            ) => Self::Overloaded,
            // The caller's own deadline, or a fault of the call.
            Some(_) => Self::Nothing,
            None => match class {
                Some(Class::Throttled { .. }) => Self::Overloaded,
                Some(Class::Permanent) => Self::Answered,
                _ => Self::Nothing,
            },
        }
    }
}

/// A limit that changed. As long as it lives, its learner learns no other one, and none is set.
#[derive(Debug)]
pub(super) struct Learned<'a> {
    /// The limit to use from here on.
    pub(super) limit: u32,
    /// The limit that was told last and the one to tell, if listeners are to hear of the change.
    pub(super) told: Option<(u32, u32)>,
    _gradient: MutexGuard<'a, Gradient>,
}

/// The longest latency that is summed up, about 34 s.
const LONGEST: u64 = 1 << 27;

/// Learns the limit of one bulkhead.
#[derive(Debug)]
pub(super) struct Learner {
    /// When the window begins, in nanoseconds.
    begins: AtomicU64,
    /// The number of calls that complete the window.
    enough: AtomicU32,
    calls: AtomicU32,
    /// The sum of the latencies, in units of 256 ns.
    sum: AtomicU64,
    /// The sum of the squares of the latencies, in units of 256 ns.
    squares: AtomicU64,
    /// The most calls that were inside at once.
    busiest: AtomicU32,
    gradient: Mutex<Gradient>,
}

impl Learner {
    pub(super) fn new(bounds: AdaptiveLimit) -> Self {
        let gradient = Gradient::new(bounds);
        Self {
            begins: AtomicU64::new(0),
            enough: AtomicU32::new(gradient.enough()),
            calls: AtomicU32::new(0),
            sum: AtomicU64::new(0),
            squares: AtomicU64::new(0),
            busiest: AtomicU32::new(0),
            gradient: Mutex::new(gradient),
        }
    }

    /// Adds a call that took from `began` to `now` while `inside` calls were inside. Returns the new
    /// limit if the call completes a window.
    pub(super) fn add(&self, began: u64, now: u64, inside: u32) -> Option<Learned<'_>> {
        if now < self.begins.load(Relaxed) {
            return None;
        }
        if inside > self.busiest.load(Relaxed) {
            self.busiest.fetch_max(inside, Relaxed);
        }
        let latency = (now.saturating_sub(began) >> UNIT).min(LONGEST);
        self.sum.fetch_add(latency, Relaxed);
        self.squares.fetch_add(latency * latency, Relaxed);
        let calls = self.calls.fetch_add(1, Relaxed).saturating_add(1);
        if calls < self.enough.load(Relaxed) {
            return None;
        }
        // Another call may be computing the limit already.
        let mut gradient = self.gradient.try_lock().ok()?;
        let window = Window::of(
            now,
            self.calls.load(Relaxed),
            self.sum.load(Relaxed),
            self.squares.load(Relaxed),
            self.busiest.load(Relaxed),
        );
        gradient.add(&window);
        Some(self.begin(gradient, now))
    }

    /// Takes note of a call that began at `began` and was refused, timed out or throttled at `now`.
    /// Returns the new limit if that lowers it.
    pub(super) fn overloaded(&self, began: u64, now: u64) -> Option<Learned<'_>> {
        let mut gradient = self.lock();
        let is_lower = gradient.overloaded(began, now);
        is_lower.then(|| self.begin(gradient, now))
    }

    /// Goes on from the limit that `change` changes, and returns what it returns: the words before and after.
    /// No limit is learned meanwhile.
    pub(super) fn set(&self, change: impl FnOnce() -> (Word, Word)) -> (Word, Word) {
        let mut gradient = self.lock();
        let (before, after) = change();
        gradient.set(after.limit());
        (before, after)
    }

    /// Waits until a limit that was learned is in force.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn finish(&self) {
        drop(self.lock());
    }

    /// Begins the next window at `now`.
    fn begin<'a>(&self, mut gradient: MutexGuard<'a, Gradient>, now: u64) -> Learned<'a> {
        self.enough.store(gradient.enough(), Relaxed);
        self.calls.store(0, Relaxed);
        self.sum.store(0, Relaxed);
        self.squares.store(0, Relaxed);
        self.busiest.store(0, Relaxed);
        let begins = now.saturating_add(gradient.round_trip());
        self.begins.store(begins, Relaxed);
        Learned {
            limit: gradient.limit(),
            told: gradient.tell(),
            _gradient: gradient,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gradient> {
        self.gradient.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_that_it_answered_that_it_is_overloaded_or_nothing() {
        use Lesson::{Answered, Nothing, Overloaded};
        let refused = |kind| Lesson::of(false, Some(kind), None);
        let failed = |class| Lesson::of(false, None, class);
        assert_eq!(Lesson::of(true, None, None), Answered);
        assert_eq!(
            refused(RefusalKind::Timeout { inherited: false }),
            Overloaded
        );
        assert_eq!(refused(RefusalKind::Timeout { inherited: true }), Nothing);
        assert_eq!(
            refused(RefusalKind::CircuitOpen { retry_in: None }),
            Overloaded
        );
        assert_eq!(refused(RefusalKind::BulkheadFull), Overloaded);
        assert_eq!(refused(RefusalKind::Idempotency), Nothing);
        let limited = |is_possible| RefusalKind::RateLimited {
            retry_after: None,
            is_possible,
        };
        assert_eq!(refused(limited(true)), Overloaded);
        assert_eq!(refused(limited(false)), Nothing);
        let throttled = Class::Throttled { retry_after: None };
        assert_eq!(failed(Some(throttled)), Overloaded);
        assert_eq!(failed(Some(Class::Permanent)), Answered);
        assert_eq!(failed(Some(Class::Transient)), Nothing);
        assert_eq!(failed(None), Nothing);
    }

    #[test]
    fn a_window_begins_one_round_trip_after_the_last_one() {
        const MS: u64 = 1_000_000;
        let learner = Learner::new(AdaptiveLimit::new().start(20));
        // 40 calls complete the first window, at the time 200.
        for _ in 0..39 {
            assert!(learner.add(100 * MS, 200 * MS, 20).is_none());
        }
        assert!(learner.add(100 * MS, 200 * MS, 20).is_some());
        for _ in 0..100 {
            let too_soon = learner.add(150 * MS, 299 * MS, 20);
            assert!(too_soon.is_none());
        }
        for _ in 0..39 {
            assert!(learner.add(250 * MS, 350 * MS, 20).is_none());
        }
        assert!(learner.add(250 * MS, 350 * MS, 20).is_some());
    }

    #[test]
    fn the_longest_latencies_do_not_overflow() {
        let learner = Learner::new(AdaptiveLimit::new().start(1_000));
        let learned = (0..400).filter(|_| learner.add(1, u64::MAX, 1_000).is_some());
        assert_eq!(learned.count(), 1);
    }
}
