//! The worst case of a stack: how many attempts it makes, and how long they take with the delays
//! between them. It says what the literals prove. The rest is said in the user's own expressions.

use std::time::Duration;

use crate::parse::show;

/// The worst case of a layer and everything inside it.
#[derive(Default)]
pub(crate) struct WorstCase {
    /// The number of attempts in words, if a layer repeats them.
    pub(super) runs: Option<String>,
    pub(super) time: Option<Times>,
    /// Limits that are no literals, outermost first.
    pub(super) limits: Vec<String>,
    /// The time that each attempt takes, in words, if no time is known.
    pub(super) attempts: Option<String>,
    /// The words for the wait for another call's claim, which comes on top of the rest.
    pub(super) other_caller: Option<&'static str>,
    /// The words for the wait for a turn, which comes on top of the rest, where it can't be added.
    pub(super) turn: Option<String>,
    /// Whether the time of a fallback comes on top of the rest.
    pub(super) fallback: bool,
}

impl WorstCase {
    /// Formats the worst case of a stack as a sentence.
    pub(crate) fn sentence(&self) -> String {
        let runs = self.runs.as_deref().unwrap_or("one attempt");
        format!("At worst {runs}{}.", self.in_words())
    }

    /// Returns the times without and with longer delays that the failed side asks for, if nothing that
    /// has no limit of its own comes on top of them.
    pub(crate) fn times(&self) -> Option<(Duration, Duration)> {
        let besides = self.other_caller.is_some() || self.turn.is_some() || self.fallback;
        let times = self.time.filter(|_| !besides)?;
        Some((times.own, times.with_retry_after))
    }

    /// Puts the worst case under a limit that is known.
    pub(super) fn limited_to(mut self, limit: Duration) -> Self {
        self.include_other_caller();
        self.include_turn();
        self.time = Some(match self.time {
            None => Times::exactly(limit),
            Some(inside) => inside.map(|time| time.min(limit)),
        });
        self.attempts = None;
        self
    }

    /// Puts the worst case under a limit that is an expression.
    pub(super) fn limited_by(mut self, limit: String) -> Self {
        self.include_other_caller();
        self.include_turn();
        self.limits.insert(0, limit);
        self.attempts = None;
        self
    }

    /// Adds the wait for another call's claim.
    pub(super) fn after_another_caller(mut self) -> Self {
        self.other_caller = Some("the wait");
        self
    }

    /// Adds the wait for a turn: at most `wait`, if that is known, and else as `words` say.
    pub(super) fn after_wait(mut self, wait: Option<Duration>, words: String) -> Self {
        match (self.time, wait) {
            (Some(time), Some(wait)) if self.limits.is_empty() => {
                self.time = Some(time.map(|time| time.saturating_add(wait)));
            }
            _ => self.turn = Some(words),
        }
        self
    }

    /// Forgets how long the attempts take, as under a limit the wait for a turn may take all of the
    /// time.
    fn include_turn(&mut self) {
        if self.turn.take().is_some() {
            self.time = None;
            self.limits.clear();
        }
    }

    /// Adds the time of a fallback.
    pub(super) fn before_a_fallback(mut self) -> Self {
        self.fallback = true;
        self
    }

    /// Forgets how long the attempts take, as under a limit the wait for another call's claim, or a
    /// fallback, may take all of the time.
    fn include_other_caller(&mut self) {
        let fallback = std::mem::take(&mut self.fallback);
        if self.other_caller.take().is_some() || fallback {
            self.time = None;
            self.limits.clear();
        }
    }

    fn in_words(&self) -> String {
        let text = match (self.time, self.limits.as_slice(), &self.attempts) {
            (Some(time), limits, _) => {
                let limits = match limits {
                    [] => String::new(),
                    limits => format!(", {}", at_most(limits)),
                };
                format!(
                    " and about {} in all{}{limits}",
                    bound(time.own),
                    time.retry_after_in_words("waits")
                )
            }
            (None, [], Some(attempts)) => attempts.clone(),
            (None, [], None) => ", for as long as the body takes".to_owned(),
            (None, limits, _) => format!(" and {} in all", at_most(limits)),
        };
        let wait = self.other_caller;
        let wait = wait.map(|wait| format!("{wait} for another caller's run with the same key"));
        let fallback = self.fallback.then(|| "the fallback".to_owned());
        let turn = self.turn.clone();
        let besides: Vec<String> = wait.into_iter().chain(turn).chain(fallback).collect();
        if besides.is_empty() {
            text
        } else {
            format!("{text}, besides {}", besides.join(" and "))
        }
    }
}

/// The longest time that something may take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// The time with the retry's own delays.
    pub(super) own: Duration,
    /// The time if the failed side asks for the longest delay that it is granted.
    pub(super) with_retry_after: Duration,
}

impl Times {
    pub(super) fn exactly(time: Duration) -> Self {
        Self {
            own: time,
            with_retry_after: time,
        }
    }

    pub(super) fn map(self, f: impl Fn(Duration) -> Duration) -> Self {
        Self {
            own: f(self.own),
            with_retry_after: f(self.with_retry_after),
        }
    }

    /// Describes how an error type or a `retry_after` may lengthen the time; the macro can't see
    /// the types.
    pub(super) fn retry_after_in_words(self, what: &str) -> String {
        if self.with_retry_after == self.own {
            return String::new();
        }
        let with_retry_after = bound(self.with_retry_after);
        format!(" ({with_retry_after} where the failed side asks for longer {what})")
    }
}

/// Joins limits in words: `at most A and at most B`.
pub(super) fn at_most(limits: &[String]) -> String {
    let limits: Vec<String> = limits.iter().map(|l| format!("at most {l}")).collect();
    limits.join(" and ")
}

/// Formats a time. From a second on it is rounded up to whole milliseconds, as it is a bound.
pub(super) fn bound(time: Duration) -> String {
    const MILLI: u128 = 1_000_000;
    let over = time.as_nanos() % MILLI;
    if time < Duration::from_secs(1) || over == 0 {
        return show(time);
    }
    let rest = Duration::from_nanos(u64::try_from(MILLI - over).unwrap_or_default());
    show(time.saturating_add(rest))
}
