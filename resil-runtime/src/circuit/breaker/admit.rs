//! Letting calls in: which calls are probes, and when a probe loses its place to another call.
//!
//! The time at which the last probe was let in is kept whole, in a word of its own. In the bits
//! that are left in the state word, a time long past would look like one just past or to come.
//!
//! * It is written *before* the state word lets the probe in: a thread that sees a probe out also
//!   sees when it was let in, or a later time.
//! * It is updated by compare-exchange against the value that was read before the clock, so that a
//!   delayed thread cannot overwrite a newer time. For the same reason a time that lies ahead of
//!   the clock was written by another clock.
//! * A thread may store its time and then lose the compare-exchange of the state word. That moves
//!   the moment at which probes are lost forward by at most that thread's delay, once per lost
//!   exchange, so no breaker gets stuck.
//! * Probes that lose their places are not late: what they show counts, whenever they come back in the
//!   same half-open time. But they have no place to give back, which their round tells.
//! * Probes are numbered in the state word, so that a place that was given back and taken again is
//!   not mistaken for the lost one that a thread has seen there.

use std::time::Duration;

use super::{BreakerCore, Clock};
use crate::circuit::machine::{self, Admission, Expiry, is_due, is_lost};
use crate::circuit::word::{Stamp, State};
use crate::event::circuit_state::CircuitState;
use crate::sync::{Ordering, broken};

impl BreakerCore {
    /// Lets a call in that is not timed.
    ///
    /// # Errors
    ///
    /// If it refuses the call, returns the milliseconds until the next probe may run, if they are
    /// known.
    #[cfg(any(test, loom))]
    pub(crate) fn admit(&self, clock: Clock) -> Result<Stamp, Option<u64>> {
        let word = self.load();
        if word.is_closed() {
            return Ok(word.stamp());
        }
        self.admit_not_closed(clock)
    }

    /// Returns the milliseconds for which the breaker stays open; `None` if it is not open, or its
    /// open time is over. This is the straight path of a refusal: one read of the clock, and nothing
    /// to change.
    #[inline(always)]
    pub(super) fn stays_open_for(&self, clock: impl FnOnce() -> u64) -> Option<u64> {
        let until = self.load().open_until()?;
        let settings = self.settings();
        let rules = &settings.rules;
        let now = clock();
        (!is_due(rules, until, now)).then(|| until - now)
    }

    /// Lets a call in where the breaker was found not closed.
    ///
    /// # Errors
    ///
    /// As those of `admit`.
    pub(super) fn admit_not_closed(&self, clock: Clock) -> Result<Stamp, Option<u64>> {
        loop {
            let word = self.load();
            let settings = self.settings();
            let rules = &settings.rules;
            // Read before the clock: see the module.
            let last = self.last_probe();
            let (to, now) = match machine::admit(word, rules, last, clock) {
                Admission::Passes => return Ok(word.stamp()),
                Admission::Refused(retry_in) => return Err(retry_in),
                Admission::Probe { to, now } => (to, now),
            };
            let late = broken("probe_dated_first");
            if (late || self.date_grant(last, now)) && self.change(word, to) {
                if late {
                    self.date_grant(last, now);
                }
                return Ok(to.probe_stamp());
            }
        }
    }

    fn last_probe(&self) -> u64 {
        self.last_probe_at().load(Ordering::Acquire)
    }

    /// Stores `now` as the time at which the next probe is let in. Returns false if the time stored
    /// before is not `last` any more.
    fn date_grant(&self, last: u64, now: u64) -> bool {
        let last_probe_at = self.last_probe_at();
        if broken("probe_dated_in_one") {
            last_probe_at.store(now, Ordering::Release);
            return true;
        }
        last_probe_at
            .compare_exchange(last, now, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Returns when a call would be let in.
    pub(super) fn next_place(&self, clock: Clock) -> Place {
        let settings = self.settings();
        let rules = &settings.rules;
        let word = self.load();
        let last = self.last_probe();
        let at = match word.state() {
            State::Closed { .. } | State::Disabled => return Place::Free,
            State::ForcedOpen => return Place::Unknown,
            State::Open { until, .. } => until,
            State::HalfOpen { out, ok, .. } if out + ok < rules.probes => return Place::Free,
            State::HalfOpen { .. } => last.saturating_add(rules.open_for),
        };
        let now = clock();
        if self.is_over(now) {
            Place::Free
        } else {
            Place::At(at)
        }
    }

    /// Returns the time until a call would be let in, if that is known and not zero.
    pub(crate) fn retry_in(&self, clock: Clock) -> Option<Duration> {
        match self.next_place(clock) {
            Place::At(ms) => Some(Duration::from_millis(ms.saturating_sub(clock()))),
            Place::Free | Place::Unknown => None,
        }
    }

    /// Makes the breaker half-open, with no probe out yet, if its open time is over: the next call
    /// would do the same. Returns the time in milliseconds at which the open time ends, if it has
    /// not.
    pub(crate) fn expire(&self, clock: Clock) -> Option<u64> {
        loop {
            let word = self.load();
            match machine::expire(word, &self.settings().rules, clock) {
                Expiry::NotOpen => return None,
                Expiry::Until(until) => return Some(until),
                Expiry::Over(to) => {
                    if self.change(word, to) {
                        return None;
                    }
                }
            }
        }
    }

    /// Returns the time in milliseconds at which the open time ends, 0 if it is over; `None` if the
    /// breaker is not open.
    pub(crate) fn due(&self, now: u64) -> Option<u64> {
        match self.load().state() {
            State::Open { until, .. } if is_due(&self.settings().rules, until, now) => Some(0),
            State::Open { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Returns the state by the clock: an open breaker whose open time is over is half-open,
    /// although no call has come since to make it so.
    pub(crate) fn state_at(&self, clock: Clock) -> CircuitState {
        match self.load().state() {
            State::Open { until, .. } if is_due(&self.settings().rules, until, clock()) => {
                CircuitState::HalfOpen
            }
            state => state.into(),
        }
    }

    /// Returns whether the breaker is not closed and nothing of its state is worth keeping: it is
    /// open and the open time is over, or half-open and has let nobody in for `open_for`. A breaker
    /// that is held manually is not over.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        let settings = self.settings();
        let rules = &settings.rules;
        match self.load().state() {
            State::Open { until, .. } => is_due(rules, until, now),
            State::HalfOpen { .. } => is_lost(rules, self.last_probe(), now),
            State::Closed { .. } | State::ForcedOpen | State::Disabled => false,
        }
    }
}

/// The time at which a call would be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Now.
    Free,
    /// At this time in milliseconds, if nothing happens before.
    At(u64),
    /// Not before somebody ends the manual control that holds the breaker open.
    Unknown,
}
