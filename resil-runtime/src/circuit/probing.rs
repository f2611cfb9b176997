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
                    let left = until.saturating_sub(now);
                    // Longer than any opening: it was opened on a clock that runs ahead of this one.
                    if left > 0 && left <= rules.open_longest() {
                        return Err(Some(left));
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

    /// Not closed, and nothing of it is worth keeping: an open one whose time is up, a half-open one
    /// that has let nobody in for `open_for`. Not where it is held by hand.
    pub(super) fn is_over(&self, now: u64) -> bool {
        let rules = &self.settings().rules;
        match self.load().state() {
            State::Open { until, .. } => until <= now || until - now > rules.open_longest(),
            State::HalfOpen { .. } => is_lost(rules, self.last_grant(), now),
            State::Closed { .. } | State::ForcedOpen | State::Disabled => false,
        }
    }
}

/// Whether probes that are out have lost their places, the last of them let in at `last`. One that
/// lies as far ahead was let in by a clock that runs ahead of this one, which says nothing.
fn is_lost(rules: &Rules, last: u64, now: u64) -> bool {
    now.abs_diff(last) >= rules.open_for
}
