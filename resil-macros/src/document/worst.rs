//! The worst case of a stack: how many attempts, and how long they take with the waits between
//! them. Only what the literals prove; the rest is said in the user's own expressions.

use std::time::Duration;

use super::code::{limit, written};
use crate::parse::{Const, DurationValue, show};
use crate::policy::retry::{Max, Waits};
use crate::policy::{Idempotent, Layer, Retry, Timeout};

pub(super) fn sentence(layers: &[Layer]) -> String {
    let attempts = layers
        .iter()
        .find_map(|layer| match layer {
            Layer::Retry(r) => Some(attempts(r)),
            _ => None,
        })
        .unwrap_or_else(|| "one attempt".to_owned());
    // From the inside out, as the layers bound what is inside them.
    let whole = layers
        .iter()
        .rev()
        .fold(Bound::default(), |inside, layer| match layer {
            Layer::Timeout(t) => inside.under(t),
            Layer::Retry(r) => inside.repeated(r),
            Layer::Idempotent(i) => inside.claimed(i),
            Layer::Circuit(_) => inside,
        });
    format!("At worst {attempts}{}.", whole.words())
}

fn attempts(r: &Retry) -> String {
    match (r.runs(), &r.max, &r.policy) {
        (Some(1), ..) => "one attempt".to_owned(),
        (Some(n), ..) => format!("{n} attempts"),
        (None, Some(Max::Count(max)), _) => format!("{} attempts", written(max.tokens())),
        (None, None, Some(policy)) => {
            format!("as many attempts as {} allows", written(policy.tokens()))
        }
        (None, ..) => "any number of attempts".to_owned(),
    }
}

/// What a layer and all inside it come to.
#[derive(Default)]
struct Bound {
    time: Option<Waits>,
    /// Limits that are no literals, outermost first: they bound it too.
    limits: Vec<String>,
    /// Where no time is known: what the attempts take, each by itself.
    attempts: Option<String>,
    /// The wait for another caller's run comes on top, and how it is said.
    waits: Option<&'static str>,
}

impl Bound {
    fn under(mut self, timeout: &Timeout) -> Self {
        let literal = timeout.limit.as_ref().and_then(DurationValue::literal);
        if self.waits.take().is_some() {
            // The wait for another caller may take all of it, however short a run is.
            self.time = None;
            self.limits.clear();
        }
        self.time = match (literal, self.time) {
            (None, inside) => inside,
            (Some(limit), None) => Some(Waits::exactly(limit)),
            (Some(limit), Some(inside)) => Some(inside.map(|time| time.min(limit))),
        };
        if let (None, Some(expression)) = (literal, &timeout.limit) {
            self.limits.insert(0, limit(expression));
        }
        self.attempts = None;
        self
    }

    fn claimed(mut self, idempotent: &Idempotent) -> Self {
        if !idempotent.conflict_reject {
            self.waits = Some("the wait");
        }
        self
    }

    /// All runs of at most `self` each, and the waits between them.
    fn repeated(self, r: &Retry) -> Self {
        if r.runs() == Some(1) {
            return self;
        }
        let waits = r.longest_waits();
        let all = self.time.and_then(|one| {
            let (one, runs) = (one.own, r.runs()?);
            let (attempts, waits) = (one.checked_mul(runs)?, waits?);
            waits.own.checked_add(attempts)?;
            Some(waits.map(|waits| attempts.saturating_add(waits)))
        });
        // Looked at before each wait: the run after the last one may still take its time.
        let within = r.within.as_ref().and_then(Const::literal);
        let within = within.and_then(|within| within.checked_add(self.time?.own));
        let time = match (all, within) {
            (Some(all), Some(within)) => Some(all.map(|time| time.min(within))),
            (None, Some(within)) => Some(Waits::exactly(within)),
            (all, None) => all,
        };
        Self {
            time,
            attempts: Some(self.each(r, waits)),
            limits: Vec::new(),
            waits: self.waits.map(|_| "each attempt's wait"),
        }
    }

    /// One attempt, the waits and the end, where no sum can be made of them.
    fn each(&self, r: &Retry, waits: Option<Waits>) -> String {
        let each = match (self.time, self.limits.as_slice()) {
            (Some(one), _) => format!("of about {} each", shown(one.own)),
            (None, []) => "each for as long as the body takes".to_owned(),
            (None, limits) => format!("of {} each", at_most(limits)),
        };
        let waits = match waits {
            None => "the waits between them".to_owned(),
            Some(waits) => format!(
                "about {} of waits between them{}",
                shown(waits.own),
                waits.asked("ones")
            ),
        };
        let within = match &r.within {
            None => String::new(),
            Some(within) => match within.literal() {
                Some(within) => format!(", none begun after {}", show(*within)),
                None => format!(", none begun after {}", written(within.tokens())),
            },
        };
        format!(", {each}, and {waits}{within}")
    }

    fn words(&self) -> String {
        let text = match (self.time, self.limits.as_slice(), &self.attempts) {
            (Some(time), limits, _) => {
                let limits = match limits {
                    [] => String::new(),
                    limits => format!(", {}", at_most(limits)),
                };
                format!(
                    " and about {} in all{}{limits}",
                    shown(time.own),
                    time.asked("waits")
                )
            }
            (None, [], Some(attempts)) => attempts.clone(),
            (None, [], None) => ", for as long as the body takes".to_owned(),
            (None, limits, _) => format!(" and {} in all", at_most(limits)),
        };
        match self.waits {
            None => text,
            Some(wait) => {
                format!("{text}, besides {wait} for another caller's run with the same key")
            }
        }
    }
}

impl Waits {
    fn exactly(time: Duration) -> Self {
        Self {
            own: time,
            asked: time,
        }
    }

    fn map(self, f: impl Fn(Duration) -> Duration) -> Self {
        Self {
            own: f(self.own),
            asked: f(self.asked),
        }
    }

    /// What an error type or a `retry_after` can make of it; the macro can't see the types.
    fn asked(self, what: &str) -> String {
        if self.asked == self.own {
            return String::new();
        }
        let asked = shown(self.asked);
        format!(" ({asked} where the failed side asks for longer {what})")
    }
}

fn at_most(limits: &[String]) -> String {
    let limits: Vec<String> = limits.iter().map(|l| format!("at most {l}")).collect();
    limits.join(" and ")
}

/// In whole milliseconds, up, from a second on: a bound, and no more digits than anyone reads.
fn shown(time: Duration) -> String {
    const MILLI: u128 = 1_000_000;
    let over = time.as_nanos() % MILLI;
    if time < Duration::from_secs(1) || over == 0 {
        return show(time);
    }
    let rest = Duration::from_nanos(u64::try_from(MILLI - over).unwrap_or_default());
    show(time.saturating_add(rest))
}
