//! Recording how calls ended.
//!
//! A breaker with a full, clean window need not record successes: a flag in the word says whether
//! it has to. It is set by [`record_successes`](BreakerCore::record_successes) and cleared by
//! [`skip_successes`](BreakerCore::skip_successes).

use super::{BreakerCore, Clock};
use crate::circuit::machine;
use crate::circuit::rules::{Rate, Rules};
use crate::circuit::settings::WindowStore;
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::window::counted::CountedWindow;
use crate::circuit::window::timed::TimedWindow;
use crate::circuit::window::{Sample, Tally};
use crate::circuit::word::{Stamp, State, Word};
use crate::random;
use crate::sync::{Ordering, broken, fence};

impl BreakerCore {
    /// Returns whether a success would change nothing, however long it took.
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.load().is_quiet()
    }

    fn is_current(&self, stamp: Stamp) -> bool {
        self.load().stamp() == stamp
    }

    /// Records the outcome of a call that was not slow.
    #[inline]
    pub(crate) fn record(&self, stamp: Stamp, verdict: CircuitVerdict, clock: Clock) {
        let word = self.load();
        // The straight path of a success of which the window alone has to know.
        if verdict == CircuitVerdict::Success
            && word.only_records_successes()
            && word.stamp() == stamp
        {
            let settings = self.settings();
            match &settings.window {
                WindowStore::None => {}
                WindowStore::Timed(window) => return self.record_in_timed(stamp, window, clock),
                WindowStore::Counted(window) => {
                    let taken = window.take();
                    if !window.is_recorded_by(taken, stamp.generation()) {
                        self.record_taken(stamp, taken, clock);
                    }
                    return;
                }
            }
        }
        self.record_timed(stamp, verdict, false, clock);
    }

    /// Records a quick success in a timed window.
    #[inline(never)]
    fn record_in_timed(&self, stamp: Stamp, window: &TimedWindow, clock: Clock) {
        match window.record_success(stamp.generation(), clock()) {
            None => self.record_timed(stamp, CircuitVerdict::Success, false, clock),
            Some(tag) if window.is_clean(tag) => {}
            Some(tag) => self.trip_by_time(stamp, tag, clock),
        }
    }

    /// Records a quick success that has `taken` a number of the counted window.
    #[inline(never)]
    fn record_taken(&self, stamp: Stamp, taken: u64, clock: Clock) {
        let settings = self.settings();
        if let (WindowStore::Counted(window), Some(rate)) = (&settings.window, &settings.rules.rate)
        {
            let current = || self.is_current(stamp);
            let sample = Sample::default();
            let tally = window.record_taken(taken, stamp.generation(), sample, current);
            self.counted(stamp, sample, tally, (window, rate), clock);
        }
    }

    /// Records the outcome of a call that was let in with `stamp`, and whether it was slow. If the
    /// state has changed since, the outcome is not counted. While half-open it makes no difference
    /// how long a call took: see [`CircuitPolicy::slow`](crate::circuit::CircuitPolicy::slow).
    #[inline(never)]
    pub(crate) fn record_timed(
        &self,
        stamp: Stamp,
        verdict: CircuitVerdict,
        slow: bool,
        clock: Clock,
    ) {
        loop {
            let word = self.load();
            if !word.has_let_in(stamp) {
                return;
            }
            if word.is_closed() {
                return self.record_closed(word, verdict, slow, clock);
            }
            let settings = self.settings();
            let open = |growth| open_now(&settings.rules, growth, clock);
            let Some(to) = machine::probe_ended(word, stamp, &settings, verdict, open) else {
                return;
            };
            if self.change(word, to) {
                return;
            }
        }
    }

    /// Records an outcome of a call that was let in with the stamp of `word`, which is closed.
    fn record_closed(&self, word: Word, verdict: CircuitVerdict, slow: bool, clock: Clock) {
        let failed = match verdict {
            CircuitVerdict::Neutral => return,
            CircuitVerdict::Failure => true,
            CircuitVerdict::Success => false,
        };
        let sample = Sample { failed, slow };
        let settings = self.settings();
        if self.count_in_a_row(word, &settings.rules, failed, clock) {
            return;
        }
        let Some(rate) = &settings.rules.rate else {
            return;
        };
        let stamp = word.stamp();
        let current = || self.is_current(stamp);
        match &settings.window {
            WindowStore::None => {}
            WindowStore::Timed(window) => {
                let tag = window.record(stamp.generation(), sample, clock, current);
                let may_trip = |tag| sample != Sample::default() || !window.is_clean(tag);
                if let Some(tag) = tag
                    && may_trip(tag)
                {
                    self.trip_by_time(stamp, tag, clock);
                }
            }
            WindowStore::Counted(window) => {
                if sample == Sample::default() && self.is_quiet() {
                    return;
                }
                let tally = window.record(stamp.generation(), sample, current);
                self.counted(stamp, sample, tally, (window, rate), clock);
            }
        }
    }

    /// Does what the counts of a counted window ask for, after `sample` was recorded in it.
    fn counted(
        &self,
        stamp: Stamp,
        sample: Sample,
        tally: Option<Tally>,
        (window, rate): (&CountedWindow, &Rate),
        clock: Clock,
    ) {
        let Some(tally) = tally else {
            return;
        };
        if rate.reached(tally.failures, tally.slow, tally.calls) {
            self.trip(stamp, clock);
        } else if sample != Sample::default() {
            self.record_successes(stamp);
        } else if tally.settled {
            self.skip_successes(stamp, window);
        }
    }

    /// Counts an outcome among the failures in a row. Returns true if there is nothing more to do:
    /// the outcome opened the breaker, or came too late. `word` is the state as it was read last.
    fn count_in_a_row(&self, word: Word, rules: &Rules, failed: bool, clock: Clock) -> bool {
        let (stamp, mut word) = (word.stamp(), word);
        loop {
            if !word.is_closed() || (word.stamp() != stamp && !broken("late_count")) {
                return true;
            }
            let open = || open_now(rules, 0, clock);
            let Some(to) = machine::count_in_a_row(word, rules, failed, open) else {
                return false;
            };
            if self.change(word, to) || broken("in_a_row_again") {
                return failed && !to.is_closed();
            }
            word = self.load();
        }
    }

    /// Opens the breaker if the counts of its timed window at `tag` ask for it.
    #[inline(never)]
    fn trip_by_time(&self, stamp: Stamp, tag: u64, clock: Clock) {
        let settings = self.settings();
        if let (WindowStore::Timed(window), Some(rate)) = (&settings.window, &settings.rules.rate)
            && window.trips(tag, rate)
        {
            self.trip(stamp, clock);
        }
    }

    /// Opens the breaker, unless it has changed its state since `stamp`.
    fn trip(&self, stamp: Stamp, clock: Clock) {
        loop {
            let word = self.load();
            if word.stamp() != stamp && !broken("trip_stamp") {
                return;
            }
            let to = word.next(open_now(&self.settings().rules, 0, clock));
            if self.change(word, to) {
                return;
            }
        }
    }

    /// Sets the flag that successes have to be recorded, as a failure or a slow call is in the
    /// window.
    ///
    /// It may run at the same time as [`skip_successes`](Self::skip_successes). The count is
    /// written before this function reads the flag; `skip_successes` writes the flag and then reads
    /// the count. With a fence between the two steps on both sides, one of them sees the other.
    /// `SeqCst` operations without fences would do under C11 too, but model checkers take those as
    /// acquire and release, and this is the cold path.
    fn record_successes(&self, stamp: Stamp) {
        if !broken("record_fence") {
            fence(Ordering::SeqCst);
        }
        self.set_record_successes(stamp, true);
    }

    /// Clears the flag that successes have to be recorded, as the window is full and clean.
    pub(super) fn skip_successes(&self, stamp: Stamp, window: &CountedWindow) {
        self.set_record_successes(stamp, false);
        if !broken("skip_fence") {
            fence(Ordering::SeqCst);
        }
        if window.tally(stamp.generation()).is_some_and(|t| !t.settled) {
            self.set_record_successes(stamp, true);
        }
    }

    fn set_record_successes(&self, stamp: Stamp, yes: bool) {
        loop {
            let word = self.load();
            if word.stamp() != stamp && !broken("skip_stamp") {
                return;
            }
            let Some(to) = machine::set_record_successes(word, yes) else {
                return;
            };
            if self.change(word, to) {
                return;
            }
        }
    }
}

/// Returns the open state from now on, with random jitter.
fn open_now(rules: &Rules, growth: u32, clock: Clock) -> State {
    machine::opening(rules, growth, clock(), random::up_to)
}
