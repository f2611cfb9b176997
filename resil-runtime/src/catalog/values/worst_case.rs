//! The worst case of a stack of values, as the section `# Resilience` of an attribute tells it.

use std::time::Duration;

use super::claim;
use crate::catalog::entry::WorstCase;
use crate::catalog::millis::up_to_a_milli;
#[cfg(feature = "hedge")]
use crate::hedge::{HedgeAfter, HedgePolicy};
use crate::retry::RetryPolicy;
use crate::stack::{Claim, Layer};
use resil_language::duration::show;

/// The worst case of a layer and everything inside it.
struct Inside {
    /// The number of attempts in words, if a layer repeats them.
    runs: Option<String>,
    /// Their number; `None` for any.
    number: Option<u64>,
    /// The times, without and with longer delays that the failed side asks for.
    times: Option<(Duration, Duration)>,
    /// The time that each attempt takes, in words, if no time is known.
    attempts: Option<String>,
    /// The words for a wait that comes on top of the rest.
    wait: Option<String>,
}

/// Returns the worst case of the layers, outermost first, inside the claim of a call with a key.
pub(crate) fn worst_case(claim: Option<&Claim>, layers: &[Layer]) -> WorstCase {
    let inside = Inside {
        runs: None,
        number: Some(1),
        times: None,
        attempts: None,
        wait: None,
    };
    let all = layers
        .iter()
        .rev()
        .fold(inside, |inside, layer| match layer {
            Layer::Timeout(policy) => inside.limited_to(policy.limit()),
            Layer::Retry(policy) => inside.repeated(policy),
            #[cfg(feature = "hedge")]
            Layer::Hedge(policy) => inside.copied(policy),
            Layer::Circuit(_) => inside,
            Layer::Bulkhead(policy) if policy.queue == 0 => inside,
            Layer::Bulkhead(policy) => inside.after(policy.wait, "for a place"),
            Layer::RateLimit(policy) => match policy.wait {
                Some(wait) => inside.after(Some(wait), "for its turn"),
                None => inside,
            },
        });
    match claim {
        Some(claim) if claim::may_wait(claim) => all.after_another_caller().told(),
        _ => all.told(),
    }
}

impl Inside {
    fn limited_to(mut self, limit: Duration) -> Self {
        if self.wait.take().is_some() {
            // The wait may take all of the time.
            self.times = None;
        }
        let (own, asked) = self.times.unwrap_or((limit, limit));
        self.times = Some((own.min(limit), asked.min(limit)));
        self.attempts = None;
        self
    }

    fn after(mut self, wait: Option<Duration>, what: &str) -> Self {
        match (self.times, wait) {
            (Some((own, asked)), Some(wait)) => {
                self.times = Some((own.saturating_add(wait), asked.saturating_add(wait)));
            }
            (_, Some(wait)) => self.wait = Some(format!("a wait of at most {} {what}", show(wait))),
            (_, None) => self.wait = Some(format!("the wait {what}")),
        }
        self
    }

    /// Adds the wait for the run of another call with the same key. It has no limit of its own.
    fn after_another_caller(mut self) -> Self {
        let wait = "the wait for another caller's run with the same key";
        self.wait = Some(match self.wait {
            Some(inside) => format!("{wait} and {inside}"),
            None => wait.to_owned(),
        });
        self
    }

    fn repeated(self, policy: &RetryPolicy) -> Self {
        let attempts = match policy.max {
            Some(1) => "one attempt".to_owned(),
            Some(max) => format!("{max} attempts"),
            None => "any number of attempts".to_owned(),
        };
        let runs = Some(of_each(attempts, self.runs.as_deref()));
        if policy.max == Some(1) {
            return Self { runs, ..self };
        }
        let number = self
            .number
            .and_then(|number| number.checked_mul(policy.max?.into()));
        let waits = longest_waits(policy);
        let all = self.times.and_then(|(one, _)| {
            let attempts = one.checked_mul(policy.max?)?;
            let (own, asked) = waits?;
            own.checked_add(attempts)?;
            Some((own.saturating_add(attempts), asked.saturating_add(attempts)))
        });
        // `within` is checked before each delay: the attempt after the last one may still take its time.
        let within = policy
            .within
            .and_then(|within| within.checked_add(self.times?.0));
        let times = match (all, within) {
            (Some((own, asked)), Some(within)) => Some((own.min(within), asked.min(within))),
            (None, Some(within)) => Some((within, within)),
            (all, None) => all,
        };
        let each = match self.times {
            Some((one, _)) => format!("of about {} each", bound(one)),
            None => "each for as long as the body takes".to_owned(),
        };
        let between = match waits {
            None => "the waits between them".to_owned(),
            Some(waits) => format!(
                "about {} of waits between them{}",
                bound(waits.0),
                if_asked(waits, "ones")
            ),
        };
        let within = policy
            .within
            .map(|within| format!(", none begun after {}", show(within)));
        Self {
            runs,
            number,
            times,
            attempts: Some(format!(
                ", {each}, and {between}{}",
                within.unwrap_or_default()
            )),
            wait: self.wait.map(|wait| format!("{wait} before each attempt")),
        }
    }

    /// Puts copies around the rest. One is started when the one before it has run for the delay, or has
    /// failed, whichever is sooner. With a budget it may be the later one: none may be left after the
    /// delay, and some when the copy fails.
    #[cfg(feature = "hedge")]
    fn copied(self, policy: &HedgePolicy) -> Self {
        let copies = policy.max;
        let end_of_last = |one: Duration| {
            let apart = match policy.after {
                HedgeAfter::Delay(delay) if policy.gain.is_none() => delay.min(one),
                _ => one,
            };
            apart.checked_mul(copies - 1)?.checked_add(one)
        };
        let times = self
            .times
            .and_then(|(own, asked)| Some((end_of_last(own)?, end_of_last(asked)?)));
        Self {
            runs: Some(of_each(format!("{copies} copies"), self.runs.as_deref())),
            number: self
                .number
                .and_then(|number| number.checked_mul(copies.into())),
            times,
            ..self
        }
    }

    fn told(self) -> WorstCase {
        let runs = self.runs.as_deref().unwrap_or("one attempt");
        let attempts = self.number;
        let text = match (self.times, self.attempts) {
            (Some(times), _) => {
                format!(
                    " and about {} in all{}",
                    bound(times.0),
                    if_asked(times, "waits")
                )
            }
            (None, Some(attempts)) => attempts,
            (None, None) => ", for as long as the body takes".to_owned(),
        };
        let wait = self.wait.as_ref().map(|wait| format!(", besides {wait}"));
        let times = self.times.filter(|_| self.wait.is_none());
        WorstCase {
            attempts,
            time: times.map(|(own, _)| own),
            time_if_asked: times.map(|(_, asked)| asked),
            words: format!("At worst {runs}{text}{}.", wait.unwrap_or_default()),
        }
    }
}

/// Returns the words for `runs` of what is inside each.
fn of_each(runs: String, inside: Option<&str>) -> String {
    match inside {
        None => runs,
        Some(inside) => format!("{runs} of {inside} each"),
    }
}

/// Returns the sum of all delays, at their longest: without, and with longer ones that the failed side asks
/// for.
fn longest_waits(policy: &RetryPolicy) -> Option<(Duration, Duration)> {
    /// The number of delays that are summed up. A longer sum is of no use to anybody.
    const MOST: u32 = 10_000;

    let waits = policy.max?.checked_sub(1).filter(|n| *n <= MOST)?;
    let most_asked = policy.longest_asked();
    let (mut own, mut asked, mut previous) = (Duration::ZERO, Duration::ZERO, None);
    for n in 1..=waits {
        let longest = policy.spread(n, previous).high;
        previous = Some(longest);
        own = own.saturating_add(longest);
        asked = asked.saturating_add(longest.max(most_asked));
    }
    Some((own, asked))
}

fn if_asked((own, asked): (Duration, Duration), what: &str) -> String {
    if asked == own {
        return String::new();
    }
    format!(
        " ({} where the failed side asks for longer {what})",
        bound(asked)
    )
}

/// Formats a time. From a second on it is rounded up to whole milliseconds, as it is a bound.
fn bound(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return show(time);
    }
    show(up_to_a_milli(time))
}
