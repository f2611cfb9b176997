//! Describes a `#[circuit]` in words.

use resil_language::plural::counted;

use super::options::{Circuit, Window};
use crate::facts::Classifies;
use crate::policy::words::{code, departing, departures, duration, which, written};
use crate::tokens::shown_whole;

impl Circuit {
    pub(super) fn in_words(&self) -> String {
        format!("**circuit**{}", settings(self))
    }

    /// Returns the decision that is left to the class of an error.
    pub(super) fn classifies(&self) -> Option<Classifies> {
        self.on.is_none().then(|| Classifies {
            consequence: "is a failure of the circuit",
            has_exceptions: self.ignore.is_some(),
        })
    }
}

fn settings(c: &Circuit) -> String {
    let mut parts = Vec::new();
    if let Some(policy) = &c.policy {
        parts.push(departing(policy.tokens(), &departures(&c.settings())));
    } else if c.name.is_none() || !c.settings().is_empty() {
        parts.push(opens(c));
    }
    // Else the circuit has a name alone: another function has its settings, and they are not known
    // here.
    parts.extend(
        c.on.as_ref()
            .map(|p| format!("only {} counts as a failure", written(&p.written))),
    );
    parts.extend(
        c.ignore
            .as_ref()
            .map(|p| format!("{} does not count", written(&p.written))),
    );
    parts.extend(c.on_ok.as_ref().map(|p| {
        let ok = code(&format!("Ok({})", shown_whole(&p.written)));
        format!("{ok} counts as a failure too")
    }));
    let colon = if parts.is_empty() { "" } else { ": " };
    let which = which(c.name.as_ref(), c.key.as_ref());
    format!("{which}{colon}{}", parts.join("; "))
}

/// Describes for how long the circuit opens, and what trips it. The time is the shortest: jitter
/// and failed probes make it longer.
fn opens(c: &Circuit) -> String {
    let open_for = c
        .open_for
        .as_ref()
        .map_or_else(|| "`30s`".to_owned(), duration);
    let failed = c
        .failure_rate
        .as_ref()
        .map(|rate| (written(rate.tokens()), "fail".to_owned()));
    let slow = c.slow.as_ref().map(|slow| {
        let rate = c.slow_rate.as_ref();
        let rate = rate.map_or_else(|| "`100%`".to_owned(), |r| written(r.tokens()));
        (rate, format!("take {} or longer", duration(slow)))
    });
    let by_rate = match (failed, slow) {
        (None, None) => None,
        (Some((rate, what)), None) | (None, Some((rate, what))) => {
            Some(format!("when {rate} of {} {what}", calls(c)))
        }
        (Some((rate, fail)), Some((slow_rate, slow))) => Some(format!(
            "when {rate} of {} {fail} or {slow_rate} of them {slow}",
            calls(c)
        )),
    };
    let in_a_row = match &c.failures {
        Some(failures) => Some(written(failures.tokens())),
        None => by_rate.is_none().then(|| "`5`".to_owned()),
    };
    let trips: Vec<String> = in_a_row
        .map(|failures| {
            format!(
                "after {}",
                counted(failures, "failure", "failures in a row")
            )
        })
        .into_iter()
        .chain(by_rate)
        .collect();
    format!("opens for at least {open_for} {}", trips.join(", or "))
}

/// Describes the calls among which the rates are counted.
fn calls(c: &Circuit) -> String {
    let (calls, least) = match &c.window {
        None => ("the last `100` calls".to_owned(), None),
        Some(Window::Calls(n)) => (
            format!("the last {}", counted(written(n.tokens()), "call", "calls")),
            None,
        ),
        Some(Window::Time(d)) => (
            format!("the calls of the last {}", duration(d)),
            Some("`20`"),
        ),
        Some(Window::Expr(w)) => (
            format!("the calls in a window of {}", written(w.tokens())),
            None,
        ),
    };
    let least = match &c.min_calls {
        Some(n) => Some(written(n.tokens())),
        None => least.map(str::to_owned),
    };
    match least {
        Some(least) => format!("{calls} (at least {least})"),
        None => calls,
    }
}
