//! The worst case of a stack of values, as the section `# Resilience` of an attribute tells it.

use std::time::Duration;

use crate::catalog::entry::WorstCase;
use crate::retry::RetryPolicy;
use crate::stack::Layer;
use crate::stack::words::show;

/// The worst case of a layer and everything inside it.
#[derive(Default)]
struct Inside {
    /// The attempts, if a layer repeats them: `Some(None)` for any number.
    runs: Option<Option<u32>>,
    /// The times, without and with longer delays that the failed side asks for.
    times: Option<(Duration, Duration)>,
    /// The time that each attempt takes, in words, if no time is known.
    attempts: Option<String>,
    /// The words for a wait that comes on top of the rest.
    wait: Option<String>,
}

/// Returns the worst case of the layers, outermost first.
pub(crate) fn worst_case(layers: &[Layer]) -> WorstCase {
    let inside = Inside::default();
    let all = layers
        .iter()
        .rev()
        .fold(inside, |inside, layer| match layer {
            Layer::Timeout(policy) => inside.limited_to(policy.limit()),
            Layer::Retry(policy) => inside.repeated(policy),
            Layer::Circuit(_) => inside,
            Layer::Bulkhead(policy) if policy.queue == 0 => inside,
            Layer::Bulkhead(policy) => inside.after(policy.wait, "for a place"),
            Layer::RateLimit(policy) => match policy.wait {
                Some(wait) => inside.after(Some(wait), "for its turn"),
                None => inside,
            },
        });
    all.told()
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

    fn repeated(self, policy: &RetryPolicy) -> Self {
        let runs = Some(policy.max);
        if policy.max == Some(1) {
            return Self { runs, ..self };
        }
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
            times,
            attempts: Some(format!(
                ", {each}, and {between}{}",
                within.unwrap_or_default()
            )),
            wait: self.wait.map(|wait| format!("{wait} before each attempt")),
        }
    }

    fn told(self) -> WorstCase {
        let runs = match self.runs {
            None | Some(Some(1)) => "one attempt".to_owned(),
            Some(Some(runs)) => format!("{runs} attempts"),
            Some(None) => "any number of attempts".to_owned(),
        };
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
            attempts: self.runs.unwrap_or(Some(1)).map(u64::from),
            time: times.map(|(own, _)| own),
            time_if_asked: times.map(|(_, asked)| asked),
            words: format!("At worst {runs}{text}{}.", wait.unwrap_or_default()),
        }
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
    show(crate::catalog::live::up_to_a_milli(time))
}
