//! Letting in what is not closed: who probes, and when a place is lost to another.
//!
//! The time of the last grant stands in a word of its own, whole: folded into the bits that the state
//! word has left, what is long past would look like what is just past, or to come.
//!
//! * It is written *before* the state word lets the probe in: who sees a probe out sees when it was
//!   let in, or later.
//! * It is written only in place of what was read before the clock was: a thread that sleeps on an
//!   old time can't put that in place of a newer one. For the same reason what is read lies ahead of
//!   the clock only if it was another clock's.
//! * A grant that is dated, and then not made, as another one came before it, has put off by as
//!   little as that when places are lost. That happens once for each such grant, so nothing wedges.
//! * Grants are numbered in the state word: a place that was given back and let to another is not
//!   taken for the lost one that somebody has seen there.

use super::CircuitState;
use super::machine::{Clock, Core};
use super::rules::Rules;
use super::word::{Stamp, State};
use crate::sync::{Ordering, broken};

impl Core {
    /// [`admit`](Core::admit), where it is not closed.
    #[inline(never)]
    pub(super) fn admit_unusual(&self, clock: Clock) -> Result<Stamp, Option<u64>> {
        loop {
            let word = self.load();
            let rules = &self.settings().rules;
            // Before the clock.
            let last = self.last_grant();
            let now;
            let to = match word.state() {
                State::Closed { .. } | State::Disabled => return Ok(word.stamp()),
                State::ForcedOpen => return Err(None),
                State::Open { until, growth } => {
                    now = clock();
                    if !is_up(rules, until, now) {
                        return Err(Some(until - now));
                    }
                    word.next(State::HalfOpen {
                        out: 1,
                        ok: 0,
                        growth,
                        grant: 0,
                    })
                }
                State::HalfOpen {
                    out,
                    ok,
                    growth,
                    grant,
                } => {
                    now = clock();
                    let is_free = out + ok < rules.probes;
                    if !is_free && !is_lost(rules, last, now) {
                        return Err(None);
                    }
                    let to = State::HalfOpen {
                        out: if is_free { out + 1 } else { 1 },
                        ok,
                        growth,
                        grant: if broken("grant_number") {
                            grant
                        } else {
                            grant.wrapping_add(1)
                        },
                    };
                    // The probes that are out are lost: by the new generation all of them are late,
                    // and what the others have shown is kept.
                    if is_free || broken("lost_generation") {
                        word.with(to)
                    } else {
                        word.next(to)
                    }
                }
            };
            let late = broken("grant_dated_first");
            if (late || self.date_grant(last, now)) && self.change(word, to) {
                if late {
                    self.date_grant(last, now);
                }
                return Ok(to.stamp());
            }
        }
    }

    fn last_grant(&self) -> u64 {
        self.granted().load(Ordering::Acquire)
    }

    /// Dates the grant that is about to be made; false if `last` is not the last one any more.
    fn date_grant(&self, last: u64, now: u64) -> bool {
        let granted = self.granted();
        if broken("grant_dated_in_one") {
            granted.store(now, Ordering::Release);
            return true;
        }
        granted
            .compare_exchange(last, now, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// When a call would be let in.
    pub(super) fn next_place(&self, clock: Clock) -> Place {
        let rules = &self.settings().rules;
        let word = self.load();
        let last = self.last_grant();
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

    /// Half-open from here on, if it is open and its time is up, with no probe out yet: what a call
    /// would do that comes now. Gives the time in ms at which there is something to do again, if it
    /// is still open.
    pub(crate) fn expire(&self, clock: Clock) -> Option<u64> {
        loop {
            let word = self.load();
            let State::Open { until, growth } = word.state() else {
                return None;
            };
            if !is_up(&self.settings().rules, until, clock()) {
                return Some(until);
            }
            let to = State::HalfOpen {
                out: 0,
                ok: 0,
                growth,
                grant: 0,
            };
            if self.change(word, word.next(to)) {
                return None;
            }
        }
    }

    /// If it is open: the time in ms at which a call would be let in, 0 if that is now.
    pub(super) fn due(&self, now: u64) -> Option<u64> {
        match self.load().state() {
            State::Open { until, .. } if is_up(&self.settings().rules, until, now) => Some(0),
            State::Open { until, .. } => Some(until),
            _ => None,
        }
    }

    /// The state, by the clock: an open breaker whose time is up is half-open, though no call has
    /// come since to make it so.
    pub(crate) fn state_at(&self, clock: Clock) -> CircuitState {
        match self.load().state() {
            State::Open { until, .. } if is_up(&self.settings().rules, until, clock()) => {
                CircuitState::HalfOpen
            }
            state => state.into(),
        }
    }

    /// Not closed, and nothing of it is worth keeping: an open one whose time is up, a half-open one
    /// that has let nobody in for `open_for`. Not where it is held by hand.
    pub(super) fn is_over(&self, now: u64) -> bool {
        let rules = &self.settings().rules;
        match self.load().state() {
            State::Open { until, .. } => is_up(rules, until, now),
            State::HalfOpen { .. } => is_lost(rules, self.last_grant(), now),
            State::Closed { .. } | State::ForcedOpen | State::Disabled => false,
        }
    }
}

/// When a call would be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Now.
    Free,
    /// At that time in ms, if nothing happens before.
    At(u64),
    /// When the hand that holds it open lets go.
    Unknown,
}

/// Whether the time of an opening is up. One that lasts longer than any opening was opened on a clock
/// that runs ahead of this one.
fn is_up(rules: &Rules, until: u64, now: u64) -> bool {
    until <= now || until - now > rules.open_longest()
}

/// Whether probes that are out have lost their places, the last of them let in at `last`. One that
/// lies as far ahead was let in by a clock that runs ahead of this one, which says nothing.
fn is_lost(rules: &Rules, last: u64, now: u64) -> bool {
    now.abs_diff(last) >= rules.open_for
}
