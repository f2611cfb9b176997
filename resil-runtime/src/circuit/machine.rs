//! The state machine of one breaker. It knows nothing of futures, errors or names beyond its own;
//! time comes in through a function that gives milliseconds.
//!
//! Every step reads the word, then the settings, and tries to change the word it read; settings are
//! put in place before the word that goes with them, so a step never works on newer state with
//! older settings. Events are told after the change, with nothing held.

use std::sync::Arc;

use super::counted::Ended;
use super::identity::Identity;
use super::rules::{JITTER, Rules};
use super::settings::{DEFAULTS, Memory, Settings};
use super::word::{Stamp, State, Word};
use super::{CircuitState, CircuitVerdict};
use crate::sync::{AtomicU64, Line, Notify, OnceLock, Ordering, broken};

/// Gives the milliseconds of [`clock::now_ms`](crate::clock::now_ms).
pub(crate) type Clock = fn() -> u64;

/// One breaker.
#[derive(Debug)]
pub(crate) struct Core {
    hot: Line<Hot>,
    pub(super) identity: Identity,
    pub(super) settings: OnceLock<Settings>,
    /// Wakes those who wait for [`ready`](super::ready).
    pub(super) freed: Notify,
}

/// What every call reads, on one line.
#[derive(Debug)]
struct Hot {
    word: AtomicU64,
    /// [`Rules::slow_after`]: written once, with the settings.
    slow_after: AtomicU64,
    /// When the last probe was let in, in ms: written with the word alone, so that nothing comes of
    /// it while the breaker is closed. See [`probing`](super::probing).
    granted: AtomicU64,
}

impl Core {
    /// The breaker of that name.
    pub(crate) fn new(name: &'static str) -> Self {
        Self::of(Identity::named(name))
    }

    /// The breaker of one key of `base`.
    pub(crate) fn keyed(base: &'static Self, key: Arc<str>) -> Self {
        Self::of(Identity::Keyed { base, key })
    }

    fn of(identity: Identity) -> Self {
        Self {
            hot: Line(Hot {
                word: AtomicU64::new(Word::new(0, DEFAULTS.closed()).0),
                slow_after: AtomicU64::new(0),
                granted: AtomicU64::new(0),
            }),
            identity,
            settings: OnceLock::new(),
            freed: Notify::new(),
        }
    }

    #[inline(always)]
    pub(super) fn load(&self) -> Word {
        Word(self.hot.0.word.load(Ordering::Acquire))
    }

    /// In ns; 0: calls are not timed.
    #[inline(always)]
    pub(super) fn slow_after(&self) -> u64 {
        self.hot.0.slow_after.load(Ordering::Relaxed)
    }

    pub(super) fn set_slow_after(&self, ns: u64) {
        self.hot.0.slow_after.store(ns, Ordering::Relaxed);
    }

    pub(super) fn granted(&self) -> &AtomicU64 {
        &self.hot.0.granted
    }

    pub(super) fn settings(&self) -> &Settings {
        self.settings.get().unwrap_or(&DEFAULTS)
    }

    /// Changes the word if it still is `from`, and tells of a change of state.
    pub(super) fn change(&self, from: Word, to: Word) -> bool {
        let word = &self.hot.0.word;
        let done = if broken("change_in_one") {
            word.store(to.0, Ordering::Release);
            true
        } else {
            word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        };
        if done {
            self.changed(from.state(), to.state());
        }
        done
    }

    /// Tells of a change of state, and wakes those who wait for a place where there may be one, or
    /// where it comes at another time.
    fn changed(&self, from: State, to: State) {
        let (was, is) = (from.into(), to.into());
        let mut wakes = was != is;
        match (from, to) {
            _ if was != is => self.identity.tell(was, is, due(to)),
            (State::Open { .. }, State::Open { until, .. }) => {
                self.identity.tell_due(until);
                wakes = true;
            }
            (State::HalfOpen { out: were, .. }, State::HalfOpen { out, .. }) => wakes = out < were,
            _ => {}
        }
        if wakes {
            self.freed.notify_waiters();
        }
    }

    fn is_current(&self, stamp: Stamp) -> bool {
        self.load().stamp() == stamp
    }

    /// Lets a call in, or says in how many ms the next probe may run, where that is known.
    #[inline(always)]
    pub(crate) fn admit(&self, clock: Clock) -> Result<Stamp, Option<u64>> {
        let word = self.load();
        if word.is_closed() {
            return Ok(word.stamp());
        }
        self.admit_unusual(clock)
    }

    /// A success would change nothing.
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.load().is_quiet()
    }

    /// Records what came of a call that was let in with `stamp`, and whether it was slow. What began
    /// before the last change of state is dropped. Half-open it makes no difference how long it
    /// took: see [`CircuitPolicy::slow`](super::CircuitPolicy::slow).
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
            if word.stamp() != stamp {
                return;
            }
            match word.state() {
                State::Closed { .. } => return self.record_closed(stamp, verdict, slow, clock),
                State::HalfOpen {
                    out,
                    ok,
                    growth,
                    grant,
                } => {
                    let back = State::HalfOpen {
                        out: out.saturating_sub(1),
                        ok: ok + u32::from(verdict == CircuitVerdict::Success),
                        growth,
                        grant,
                    };
                    let settings = self.settings();
                    let to = match verdict {
                        CircuitVerdict::Failure => {
                            word.next(opening(&settings.rules, growth + 1, clock()))
                        }
                        CircuitVerdict::Success if ok + 1 >= settings.rules.probes => {
                            word.next(settings.closed())
                        }
                        CircuitVerdict::Success | CircuitVerdict::Neutral => word.with(back),
                    };
                    if self.change(word, to) {
                        return;
                    }
                }
                State::Open { .. } | State::ForcedOpen | State::Disabled => return,
            }
        }
    }

    /// Of a call that was not slow.
    #[cfg(any(test, loom))]
    pub(crate) fn record(&self, stamp: Stamp, verdict: CircuitVerdict, clock: Clock) {
        self.record_timed(stamp, verdict, false, clock);
    }

    fn record_closed(&self, stamp: Stamp, verdict: CircuitVerdict, slow: bool, clock: Clock) {
        let failed = match verdict {
            CircuitVerdict::Neutral => return,
            CircuitVerdict::Failure => true,
            CircuitVerdict::Success => false,
        };
        let ended = Ended { failed, slow };
        if self.count_in_a_row(stamp, failed, clock) {
            return;
        }
        let settings = self.settings();
        let Some(rate) = &settings.rules.rate else {
            return;
        };
        let generation = stamp.generation();
        let current = || self.is_current(stamp);
        match &settings.window {
            Memory::None => {}
            Memory::Timed(window) => {
                if let Some(tag) = window.record(generation, ended, clock, current)
                    && window.trips(tag, rate)
                {
                    self.trip(stamp, clock);
                }
            }
            Memory::Counted(window) => {
                let changes_nothing = ended == Ended::default();
                if changes_nothing && self.is_quiet() {
                    return;
                }
                let Some(tally) = window.record(generation, ended, current) else {
                    return;
                };
                if rate.reached(tally.failures, tally.slow, tally.calls) {
                    self.trip(stamp, clock);
                } else if !changes_nothing {
                    self.noise(stamp);
                } else if tally.settled {
                    self.hush(stamp, window);
                }
            }
        }
    }

    /// Moves the failures in a row; true if there is nothing more to do: it tripped, or is late.
    fn count_in_a_row(&self, stamp: Stamp, failed: bool, clock: Clock) -> bool {
        loop {
            let word = self.load();
            let State::Closed { in_a_row, noisy } = word.state() else {
                return true;
            };
            if word.stamp() != stamp && !broken("late_count") {
                return true;
            }
            let rules = &self.settings().rules;
            if rules.failures == 0 || (!failed && in_a_row == 0) {
                return false;
            }
            let to = if !failed {
                word.with(State::Closed { in_a_row: 0, noisy })
            } else if in_a_row + 1 < rules.failures {
                word.with(State::Closed {
                    in_a_row: in_a_row + 1,
                    noisy,
                })
            } else {
                word.next(opening(rules, 0, clock()))
            };
            if self.change(word, to) || broken("in_a_row_again") {
                return failed && !to.is_closed();
            }
        }
    }

    fn trip(&self, stamp: Stamp, clock: Clock) {
        loop {
            let word = self.load();
            if word.stamp() != stamp && !broken("trip_stamp") {
                return;
            }
            let to = word.next(opening(&self.settings().rules, 0, clock()));
            if self.change(word, to) {
                return;
            }
        }
    }
}

/// When an opening ends, in ms.
fn due(state: State) -> Option<u64> {
    match state {
        State::Open { until, .. } => Some(until),
        _ => None,
    }
}

/// Open from `now` on, with jitter.
fn opening(rules: &Rules, growth: u32, now: u64) -> State {
    let time = rules.open_time(growth);
    let jitter = rand::random_range(0..=time / JITTER);
    State::Open {
        until: now.saturating_add(time).saturating_add(jitter),
        growth,
    }
}

impl From<State> for CircuitState {
    fn from(state: State) -> Self {
        match state {
            State::Closed { .. } => Self::Closed,
            State::Open { .. } => Self::Open,
            State::HalfOpen { .. } => Self::HalfOpen,
            State::ForcedOpen => Self::ForcedOpen,
            State::Disabled => Self::Disabled,
        }
    }
}

#[cfg(test)]
mod tests;
