//! The circuit breaker of LANGUAGE.md, section 5, as plain as it can be said: written from that page
//! and not from the implementation. Time is a number of milliseconds; the jitter is read off the
//! real one and held to its bounds.

use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Window {
    Calls(usize),
    Millis(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) failures: Option<u32>,
    pub(crate) failure_rate: Option<f64>,
    pub(crate) slow: Option<(u64, f64)>,
    pub(crate) window: Window,
    pub(crate) min_calls: u64,
    pub(crate) open_for: u64,
    pub(crate) open_max: u64,
    pub(crate) probes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Success,
    Failure,
    Neutral,
}

#[derive(Debug)]
pub(crate) enum State {
    Closed {
        row: u32,
        ended: VecDeque<Ended>,
    },
    Open {
        until: u64,
        failed_probes: u32,
    },
    HalfOpen {
        out: u32,
        ok: u32,
        last: u64,
        failed_probes: u32,
    },
    ForcedOpen,
    Disabled,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    at: u64,
    failed: bool,
    slow: bool,
}

/// A call that was let in: in which period, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    period: u64,
    began: u64,
}

/// Whether it opens, for so long without jitter; `May` where the ten buckets leave it open whether
/// an outcome is still in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opens {
    No,
    Must(u64),
    May(u64),
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) rules: Rules,
    pub(crate) state: State,
    period: u64,
}

/// Calls, failures and slow calls.
pub(crate) type Counts = (u64, u64, u64);

impl Model {
    pub(crate) fn new(rules: Rules) -> Self {
        let mut model = Self {
            rules,
            state: State::Disabled,
            period: 0,
        };
        model.close();
        model
    }

    /// Every change of state begins anew: what began before it is not counted.
    fn enter(&mut self, state: State) {
        self.period += 1;
        self.state = state;
    }

    pub(crate) fn close(&mut self) {
        self.enter(State::Closed {
            row: 0,
            ended: VecDeque::new(),
        });
    }

    pub(crate) fn by_hand(&mut self, state: State) {
        if std::mem::discriminant(&self.state) != std::mem::discriminant(&state) {
            self.enter(state);
        }
    }

    /// It opened, and says itself until when.
    pub(crate) fn opened(&mut self, until: u64) {
        let failed_probes = match self.state {
            State::HalfOpen { failed_probes, .. } => failed_probes + 1,
            _ => 0,
        };
        self.enter(State::Open {
            until,
            failed_probes,
        });
    }

    /// Lets a call in, or says how long it still refuses, where that is known.
    pub(crate) fn call(&mut self, now: u64) -> Result<Call, Option<u64>> {
        match &mut self.state {
            State::Closed { .. } | State::Disabled => {}
            State::ForcedOpen => return Err(None),
            State::Open { until, .. } if now < *until => return Err(Some(*until - now)),
            State::Open { failed_probes, .. } => {
                let failed_probes = *failed_probes;
                self.enter(State::HalfOpen {
                    out: 1,
                    ok: 0,
                    last: now,
                    failed_probes,
                });
            }
            State::HalfOpen { out, ok, last, .. } => {
                let full = *out + *ok >= self.rules.probes;
                if full && now - *last < self.rules.open_for {
                    return Err(None);
                }
                if full {
                    // Those that have not come back lose their places to others.
                    *out = 0;
                    self.period += 1;
                }
                *out += 1;
                *last = now;
            }
        }
        Ok(Call {
            period: self.period,
            began: now,
        })
    }

    pub(crate) fn end(&mut self, call: Call, verdict: Verdict, now: u64) -> Opens {
        if call.period != self.period {
            return Opens::No;
        }
        let opening = |failed_probes: u32| {
            let factor = 1_u64.checked_shl(failed_probes).unwrap_or(u64::MAX);
            self.rules
                .open_for
                .saturating_mul(factor)
                .min(self.rules.open_max)
        };
        match &mut self.state {
            State::Closed { .. } if verdict == Verdict::Neutral => Opens::No,
            State::Closed { row, ended } => {
                let failed = verdict == Verdict::Failure;
                let slow = self
                    .rules
                    .slow
                    .is_some_and(|(ms, _)| now - call.began >= ms);
                *row = if failed { *row + 1 } else { 0 };
                ended.push_back(Ended {
                    at: now,
                    failed,
                    slow,
                });
                let in_a_row = self.rules.failures.is_some_and(|most| *row >= most);
                let (row, may) = (in_a_row, self.counts(now));
                let trips = may.iter().filter(|counts| self.reached(**counts)).count();
                if row || trips == may.len() {
                    Opens::Must(opening(0))
                } else if trips > 0 {
                    Opens::May(opening(0))
                } else {
                    Opens::No
                }
            }
            State::HalfOpen {
                out,
                ok,
                failed_probes,
                ..
            } => {
                *out -= 1;
                match verdict {
                    Verdict::Neutral => {}
                    // However slow it was.
                    Verdict::Success => *ok += 1,
                    Verdict::Failure => return Opens::Must(opening(*failed_probes + 1)),
                }
                if *ok == self.rules.probes {
                    self.close();
                }
                Opens::No
            }
            State::Open { .. } | State::ForcedOpen | State::Disabled => Opens::No,
        }
    }

    fn reached(&self, (calls, failed, slow): Counts) -> bool {
        let reaches = |n: u64, ratio: f64| n > 0 && n as f64 / calls as f64 >= ratio;
        calls >= self.rules.min_calls
            && (self
                .rules
                .failure_rate
                .is_some_and(|ratio| reaches(failed, ratio))
                || self
                    .rules
                    .slow
                    .is_some_and(|(_, ratio)| reaches(slow, ratio)))
    }

    /// What may be in the window: an outcome leaves one of time between 0.9 and 1 window after it
    /// came, and never before an older one.
    pub(crate) fn counts(&self, now: u64) -> Vec<Counts> {
        let State::Closed { ended, .. } = &self.state else {
            return vec![(0, 0, 0)];
        };
        let (fewest, most) = match self.rules.window {
            Window::Calls(n) => (ended.len().min(n), ended.len().min(n)),
            Window::Millis(ms) => {
                let newer = |than: u64| ended.iter().filter(|e| now - e.at < than).count();
                (newer(ms / 10 * 9 + 1), newer(ms))
            }
        };
        let last = |n: usize| {
            let window = ended.iter().rev().take(n);
            window.fold((0, 0, 0), |(calls, failed, slow), e| {
                (
                    calls + 1,
                    failed + u64::from(e.failed),
                    slow + u64::from(e.slow),
                )
            })
        };
        (fewest..=most).map(last).collect()
    }
}
