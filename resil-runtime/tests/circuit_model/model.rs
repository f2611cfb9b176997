//! A circuit breaker as LANGUAGE.md section 5 tells it (and 1 and 2), as plain as it can be. It was
//! written from that text, for the interface that `main.rs` asks for, without reading the
//! implementation. `Choice:` marks where the text is silent: there it follows docs/circuit.md, or
//! what the breaker was seen to do. Times are milliseconds.

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
    /// The time from which a call is slow, and the ratio.
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
    /// Failures in a row, and what ended, oldest first.
    Closed {
        row: u32,
        ended: VecDeque<Ended>,
    },
    /// `length` is the time that it was opened for, without the jitter that is in `until`.
    Open {
        until: u64,
        length: u64,
    },
    /// Probes out and come back well; when the last one was let in; how often places were lost;
    /// the opening before it.
    HalfOpen {
        out: u32,
        ok: u32,
        last: u64,
        round: u32,
        length: u64,
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

/// A call that was let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    began: u64,
    generation: u64,
    round: u32,
}

/// Whether the end of a call opens the breaker, and for how long at least. It may or may not where
/// that depends on which outcomes a time window has let go.
#[derive(Debug)]
pub(crate) enum Opens {
    No,
    May(u64),
    Must(u64),
}

pub(crate) struct Model {
    pub(crate) rules: Rules,
    pub(crate) state: State,
    generation: u64,
}

/// Calls, failures and slow calls in the window.
pub(crate) type Counts = (u64, u64, u64);

impl Model {
    pub(crate) fn new(rules: Rules) -> Self {
        let ended = VecDeque::new();
        Self {
            rules,
            state: State::Closed { row: 0, ended },
            generation: 0,
        }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    /// "A closing resets it": the next opening is one of `open_for`, as `length` is gone.
    /// Choice: to reset a closed one is a change of state too, and what began before it is dropped.
    pub(crate) fn close(&mut self) {
        let ended = VecDeque::new();
        self.change(State::Closed { row: 0, ended });
    }

    pub(crate) fn by_hand(&mut self, state: State) {
        self.change(state);
    }

    /// It was seen to open, after `end` said that it would or might.
    pub(crate) fn opened(&mut self, until: u64) {
        let length = self.next_length();
        self.change(State::Open { until, length });
    }

    /// "Each opening that follows a failed probe doubles the time, up to `open_max`."
    fn next_length(&self) -> u64 {
        match self.state {
            State::HalfOpen { length, .. } => (2 * length).min(self.rules.open_max),
            _ => self.rules.open_for,
        }
    }

    /// Whether a call that came now would be let in.
    pub(crate) fn would_let_in(&self, now: u64) -> bool {
        match self.state {
            State::Closed { .. } | State::Disabled => true,
            State::ForcedOpen => false,
            State::Open { until, .. } => until <= now,
            State::HalfOpen { out, ok, last, .. } => {
                out + ok < self.rules.probes || last + self.rules.open_for <= now
            }
        }
    }

    /// Lets a call in, or says when to come again.
    pub(crate) fn call(&mut self, now: u64) -> Result<Call, Option<u64>> {
        if let State::Open { until, length } = self.state {
            if now < until {
                return Err(Some(until - now));
            }
            self.change(State::HalfOpen {
                out: 0,
                ok: 0,
                last: now,
                round: 0,
                length,
            });
        }
        let mut call = Call {
            began: now,
            generation: self.generation,
            round: 0,
        };
        match &mut self.state {
            // Choice: nobody knows when a hand will close it.
            State::ForcedOpen => return Err(None),
            State::HalfOpen {
                out,
                ok,
                last,
                round,
                ..
            } => {
                if *out + *ok >= self.rules.probes {
                    if now < *last + self.rules.open_for {
                        return Err(None);
                    }
                    // "Lose their places to others": all do, once another finds no place. Choice:
                    // not before, so a free one is taken first; what succeeded keeps its own.
                    *out = 0;
                    *round += 1;
                }
                *out += 1;
                *last = now;
                call.round = *round;
            }
            _ => {}
        }
        Ok(call)
    }

    /// Choice: a neutral outcome is none, so it isn't recorded however late it comes ("not counted at
    /// all", says docs/circuit.md); half-open, a slow success is a success (there too). A probe that
    /// lost its place and comes back after all counts, as the state is the same; it has no place to give back.
    pub(crate) fn end(&mut self, call: Call, verdict: Verdict, now: u64) -> Opens {
        if call.generation != self.generation {
            return Opens::No;
        }
        let length = self.next_length();
        let failed = verdict == Verdict::Failure;
        match &mut self.state {
            State::Closed { row, ended } if verdict != Verdict::Neutral => {
                *row = if failed { *row + 1 } else { 0 };
                let in_a_row = self.rules.failures.is_some_and(|n| *row >= n);
                let slow = self.rules.slow.is_some_and(|s| now - call.began >= s.0);
                ended.push_back(Ended {
                    at: now,
                    failed,
                    slow,
                });
                let counts = self.counts(now);
                let trip = |c: &Counts| in_a_row || self.rate_trips(*c);
                match (counts.iter().all(trip), counts.iter().any(trip)) {
                    (true, _) => Opens::Must(length),
                    (_, true) => Opens::May(length),
                    _ => Opens::No,
                }
            }
            State::HalfOpen { out, ok, round, .. } => {
                *out -= u32::from(*round == call.round);
                match verdict {
                    Verdict::Failure => return Opens::Must(length),
                    Verdict::Success => *ok += 1,
                    Verdict::Neutral => {}
                }
                if *ok == self.rules.probes {
                    self.close();
                }
                Opens::No
            }
            _ => Opens::No,
        }
    }

    pub(crate) fn rate_trips(&self, (calls, failures, slow): Counts) -> bool {
        let float = |n: u64| f64::from(u32::try_from(n).unwrap());
        let reaches = |n, ratio| float(n) / float(calls) >= ratio;
        calls >= self.rules.min_calls
            && (self
                .rules
                .failure_rate
                .is_some_and(|r| reaches(failures, r))
                || self.rules.slow.is_some_and(|(_, r)| reaches(slow, r)))
    }

    /// What the window may hold: "the last N calls, exactly"; or in a time window, where "an outcome
    /// leaves between 0.9 and 1 window after it came", the older first and those of one time together.
    pub(crate) fn counts(&self, now: u64) -> Vec<Counts> {
        let State::Closed { ended, .. } = &self.state else {
            return vec![(0, 0, 0)];
        };
        let count = |from: usize| {
            let of = |what: fn(&Ended) -> bool| {
                let n = ended.range(from..).filter(|e| what(e)).count();
                u64::try_from(n).unwrap()
            };
            (of(|_| true), of(|e| e.failed), of(|e| e.slow))
        };
        match self.rules.window {
            Window::Calls(n) => vec![count(ended.len().saturating_sub(n))],
            Window::Millis(w) => {
                let gone = |since: u64| ended.partition_point(|e| now - e.at >= since);
                let cut = |from: &usize| {
                    *from == 0 || *from == ended.len() || ended[from - 1].at < ended[*from].at
                };
                (gone(w)..=gone(w - w / 10))
                    .filter(cut)
                    .map(count)
                    .collect()
            }
        }
    }
}
