//! The state machine of a breaker, as pure functions: from a word, the rules and an outcome to the
//! next word. The threads, the clock and the events are in [`breaker`](super::breaker).
//!
//! Time comes in as milliseconds, or as a function that reads them where most calls need none. The
//! open time has random jitter, so a function that opens the breaker takes the opened state from
//! its caller.

use super::rules::{JITTER, Rules};
use super::settings::Settings;
use super::verdict::CircuitVerdict;
use super::word::{Stamp, State, Word};
use crate::sync::broken;

/// The decision on a call that asks to be let in.
pub(super) enum Admission {
    /// The call passes, and the word stays as it is.
    Passes,
    /// The call is refused. The next probe may run after this many milliseconds, if that is known.
    Refused(Option<u64>),
    /// The call passes as a probe, let in at `now`, once the word is changed to `to`.
    Probe { to: Word, now: u64 },
}

/// Decides on a call that asks to be let in. `last_probe` is the time at which the last probe was
/// let in, in milliseconds.
pub(super) fn admit(
    word: Word,
    rules: &Rules,
    last_probe: u64,
    clock: impl FnOnce() -> u64,
) -> Admission {
    match word.state() {
        State::Closed { .. } | State::Disabled => Admission::Passes,
        State::ForcedOpen => Admission::Refused(None),
        State::Open { until, growth } => {
            let now = clock();
            if !is_due(rules, until, now) {
                return Admission::Refused(Some(until - now));
            }
            let to = word.next(State::HalfOpen {
                out: 1,
                ok: 0,
                growth,
                round: 0,
                probe_number: 0,
            });
            Admission::Probe { to, now }
        }
        State::HalfOpen {
            out,
            ok,
            growth,
            round,
            probe_number,
        } => {
            let now = clock();
            let is_free = out + ok < rules.probes;
            if !is_free && !is_lost(rules, last_probe, now) {
                return Admission::Refused(None);
            }
            // If no place is free, the probes that are out have lost theirs. By the new round they give
            // none back; the successes of the other probes are kept.
            let to = word.with(State::HalfOpen {
                out: if is_free { out + 1 } else { 1 },
                ok,
                growth,
                round: if is_free || broken("lost_round") {
                    round
                } else {
                    round.wrapping_add(1)
                },
                probe_number: if broken("probe_number") {
                    probe_number
                } else {
                    probe_number.wrapping_add(1)
                },
            });
            Admission::Probe { to, now }
        }
    }
}

/// Returns the word after the probe with `stamp` has ended; `None` if nothing changes, as where the
/// breaker is not half-open. `open` returns the opened state for a number of failed probes in a row.
///
/// A probe that has lost its place shows as much as any other: else none would be back in time where
/// calls take longer than the time after which they are replaced.
pub(super) fn probe_ended(
    word: Word,
    stamp: Stamp,
    settings: &Settings,
    verdict: CircuitVerdict,
    open: impl FnOnce(u32) -> State,
) -> Option<Word> {
    let State::HalfOpen {
        out,
        ok,
        growth,
        round,
        probe_number,
    } = word.state()
    else {
        return None;
    };
    let has_place = stamp.round() == round;
    Some(match verdict {
        CircuitVerdict::Failure => word.next(open(growth + 1)),
        CircuitVerdict::Success if ok + 1 >= settings.rules.probes => word.next(settings.closed()),
        CircuitVerdict::Neutral if !has_place => return None,
        CircuitVerdict::Success | CircuitVerdict::Neutral => word.with(State::HalfOpen {
            out: out.saturating_sub(u32::from(has_place)),
            ok: ok + u32::from(verdict == CircuitVerdict::Success),
            growth,
            round,
            probe_number,
        }),
    })
}

/// Counts an outcome among the failures in a row, and returns the word after it; `None` if nothing
/// changes. `open` returns the opened state.
pub(super) fn count_in_a_row(
    word: Word,
    rules: &Rules,
    failed: bool,
    open: impl FnOnce() -> State,
) -> Option<Word> {
    let State::Closed {
        in_a_row,
        record_successes,
        timed,
    } = word.state()
    else {
        return None;
    };
    if rules.failures == 0 || (!failed && in_a_row == 0) {
        return None;
    }
    Some(if failed && in_a_row + 1 >= rules.failures {
        word.next(open())
    } else {
        word.with(State::Closed {
            in_a_row: if failed { in_a_row + 1 } else { 0 },
            record_successes,
            timed,
        })
    })
}

/// Returns the word with the flag that successes have to be recorded; `None` if nothing changes.
pub(super) fn set_record_successes(word: Word, yes: bool) -> Option<Word> {
    match word.state() {
        State::Closed {
            in_a_row,
            record_successes,
            timed,
        } if record_successes != yes => Some(word.with(State::Closed {
            in_a_row,
            record_successes: yes,
            timed,
        })),
        _ => None,
    }
}

/// Returns the word after the breaker has adopted `settings`: a new generation in the same state,
/// so that what was counted by other rules does not mix with what comes.
pub(super) fn adopted(word: Word, settings: &Settings, clock: impl FnOnce() -> u64) -> Word {
    let to = match word.state() {
        State::Closed { .. } => settings.closed(),
        State::HalfOpen { growth, .. } => State::HalfOpen {
            out: 0,
            ok: 0,
            growth,
            round: 0,
            probe_number: 0,
        },
        // Open no longer than these settings allow from now on.
        State::Open { until, growth } => State::Open {
            until: until.min(clock().saturating_add(settings.rules.open_time(growth))),
            growth,
        },
        manual => manual,
    };
    if broken("adopt_generation") {
        word.with(to)
    } else {
        word.next(to)
    }
}

/// The effect of a look at the clock on a breaker.
pub(super) enum Expiry {
    /// None: the breaker is not open.
    NotOpen,
    /// None yet: the breaker stays open until this time, in milliseconds.
    Until(u64),
    /// The open time is over: the word becomes this one, half-open with no probe out.
    Over(Word),
}

/// Returns the effect of a look at the clock on the breaker.
pub(super) fn expire(word: Word, rules: &Rules, clock: impl FnOnce() -> u64) -> Expiry {
    let State::Open { until, growth } = word.state() else {
        return Expiry::NotOpen;
    };
    if !is_due(rules, until, clock()) {
        return Expiry::Until(until);
    }
    Expiry::Over(word.next(State::HalfOpen {
        out: 0,
        ok: 0,
        growth,
        round: 0,
        probe_number: 0,
    }))
}

/// Returns the open state from `now` on. `jitter` returns a random number up to its argument.
pub(super) fn opening(
    rules: &Rules,
    growth: u32,
    now: u64,
    jitter: impl FnOnce(u64) -> u64,
) -> State {
    let time = rules.open_time(growth);
    State::Open {
        until: now
            .saturating_add(time)
            .saturating_add(jitter(time / JITTER)),
        growth,
    }
}

/// Returns whether the open time that ends at `until` is over. It also is if it would last longer
/// than any open time can: then it was set by a clock that runs ahead of this one.
pub(super) fn is_due(rules: &Rules, until: u64, now: u64) -> bool {
    until <= now || until - now > rules.open_longest
}

/// Returns whether the probes that are out lose their places to the next call. The last of them was let in at
/// `last_probe`. If that time lies as far ahead of `now`, it was set by a clock that runs ahead of
/// this one, and the probes lose their places too.
pub(super) fn is_lost(rules: &Rules, last_probe: u64, now: u64) -> bool {
    now.abs_diff(last_probe) >= rules.open_for
}
