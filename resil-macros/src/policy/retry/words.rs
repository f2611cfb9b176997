//! Describes a `#[retry]` in words.

use resil_language::plural::counted;

use super::budget::Budget;
use super::options::{Jitter, Max, Retry, Strategy};
use crate::facts::Classifies;
use crate::parse::Const;
use crate::policy::words::{code, departing, duration, written};
use crate::tokens::shown_whole;

impl Retry {
    pub(super) fn in_words(&self) -> String {
        format!("**retry**: {}", settings(self))
    }

    /// Returns the decision that is left to the class of an error.
    pub(super) fn classifies(&self) -> Option<Classifies> {
        let by_class = self.on.is_none() && self.runs() != Some(1);
        by_class.then(|| Classifies {
            consequence: "is retried",
            has_exceptions: self.unless.is_some(),
        })
    }
}

fn settings(r: &Retry) -> String {
    if r.runs() == Some(1) {
        return "one run".to_owned();
    }
    let mut parts = match &r.policy {
        Some(policy) => vec![departing(policy.tokens(), &departures(r))],
        None => vec![runs(r), waits(r)],
    };
    if r.policy.is_some() && r.retry_after.is_some() {
        parts.push("waits longer where the failed side asks for it".to_owned());
    }
    parts.extend(
        r.within
            .as_ref()
            .map(|w| format!("no run begins after {}", duration(w))),
    );
    parts.extend(
        r.on.as_ref()
            .map(|p| format!("only for {}", written(&p.written))),
    );
    parts.extend(
        r.unless
            .as_ref()
            .map(|p| format!("never for {}", written(&p.written))),
    );
    parts.extend(r.on_ok.as_ref().map(|p| {
        format!(
            "also for {}",
            code(&format!("Ok({})", shown_whole(&p.written)))
        )
    }));
    parts.extend(r.budget.as_ref().map(budget));
    if r.nested_outer {
        parts.push("one run under another function's `retry`".to_owned());
    }
    parts.join("; ")
}

fn runs(r: &Retry) -> String {
    match &r.max {
        None => "up to `3` runs".to_owned(),
        Some(Max::Count(max)) => {
            format!("up to {}", counted(written(max.tokens()), "run", "runs"))
        }
        Some(Max::Unlimited(_)) if matches!(r.budget, Some(Budget::Off)) => {
            "as many runs as time allows".to_owned()
        }
        Some(Max::Unlimited(_)) => "as many runs as time and budget allow".to_owned(),
    }
}

fn waits(r: &Retry) -> String {
    let cap = format!(
        ", at most {}",
        r.cap.as_ref().map_or_else(|| "`20s`".to_owned(), duration)
    );
    let given = r.backoff.is_some() || r.delays.is_some();
    let waits = if r.backoff.is_some() {
        format!("waits of its own back-off{cap}")
    } else if let Some(delays) = &r.delays {
        let all: Vec<String> = delays.iter().map(duration).collect();
        format!("waits of {}", all.join(", "))
    } else {
        grown(r, &cap)
    };
    let jitter = match &r.jitter {
        None if given => String::new(),
        None | Some(Jitter::Full) => ", with full jitter".to_owned(),
        Some(Jitter::Equal) => ", with equal jitter".to_owned(),
        Some(Jitter::Ratio(ratio)) => format!(", with a jitter of {}", written(ratio.tokens())),
        // The delays in the text already include the jitter, or there is none.
        Some(Jitter::Decorrelated | Jitter::None) => String::new(),
    };
    let asked = if r.retry_after.is_some() {
        ", or longer where the failed side asks for it"
    } else {
        ""
    };
    format!("{waits}{jitter}{asked}")
}

/// Describes the delays that a strategy makes, or the jitter in its place.
fn grown(r: &Retry, cap: &str) -> String {
    let base = r
        .base
        .as_ref()
        .map_or_else(|| "`100ms`".to_owned(), duration);
    if let Some(Jitter::Decorrelated) = r.jitter {
        return format!("random waits from {base} to three times the one before{cap}");
    }
    let strategy = match r.strategy {
        Strategy::Constant => {
            // A constant delay reaches the cap only if the jitter adds to it.
            let fits = r.base.as_ref().is_none_or(|b| b.literal().is_some())
                && r.cap.is_none()
                && !matches!(r.jitter, Some(Jitter::Ratio(_)));
            let cap = if fits { "" } else { cap };
            return format!("waits of {base}{cap}");
        }
        Strategy::Linear => "linear",
        Strategy::Exponential => "exponential",
        Strategy::Fibonacci => "Fibonacci",
    };
    let factor = r.factor.as_ref().map_or_else(String::new, |f| {
        format!(" by a factor of {}", written(f.tokens()))
    });
    format!("{strategy} waits from {base}{factor}{cap}")
}

fn budget(budget: &Budget) -> String {
    let or = |tokens: &Option<Const<u32>>, default: &str| match tokens {
        Some(tokens) => written(tokens.tokens()),
        None => code(default),
    };
    match budget {
        Budget::Off => "no budget".to_owned(),
        Budget::Named(name) => format!("on the budget {}", code(&name.value())),
        Budget::Own {
            name,
            capacity,
            cost,
            refill,
        } => {
            let budget = name.as_ref().map_or_else(
                || "a budget".to_owned(),
                |name| format!("the budget {}", code(&name.value())),
            );
            let (capacity, cost) = (or(capacity, "500"), or(cost, "5"));
            let refill = refill.as_ref().map_or_else(String::new, |refill| {
                format!(", {} back a second", written(refill.tokens()))
            });
            format!("on {budget} of {capacity}, {cost} a retry{refill}")
        }
    }
}

/// Formats the options beside a `policy`, without those that have a phrase of their own.
fn departures(r: &Retry) -> Vec<String> {
    let option = |name: &str, value: &str| code(&format!("{name} = {value}"));
    let mut all = Vec::new();
    all.extend(r.written_strategy().map(code));
    all.extend(r.max.as_ref().map(|max| match max {
        Max::Count(max) => option("max", &shown_whole(max.tokens())),
        Max::Unlimited(_) => option("max", "unlimited"),
    }));
    all.extend(r.delays.as_ref().map(|delays| {
        let delays: Vec<String> = delays.iter().map(|d| shown_whole(d.tokens())).collect();
        option("delays", &format!("[{}]", delays.join(", ")))
    }));
    all.extend(
        r.base
            .as_ref()
            .map(|d| option("base", &shown_whole(d.tokens()))),
    );
    all.extend(
        r.factor
            .as_ref()
            .map(|f| option("factor", &shown_whole(f.tokens()))),
    );
    all.extend(
        r.cap
            .as_ref()
            .map(|d| option("cap", &shown_whole(d.tokens()))),
    );
    all.extend(r.jitter.as_ref().map(|jitter| {
        let jitter = match jitter {
            Jitter::Full => "full".to_owned(),
            Jitter::Equal => "equal".to_owned(),
            Jitter::Decorrelated => "decorrelated".to_owned(),
            Jitter::None => "none".to_owned(),
            Jitter::Ratio(ratio) => shown_whole(ratio.tokens()),
        };
        option("jitter", &jitter)
    }));
    if r.backoff.is_some() {
        all.push("a back-off of its own".to_owned());
    }
    all
}
