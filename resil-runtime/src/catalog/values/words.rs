//! A layer in words: those of the section `# Resilience` that an attribute writes.

use super::settings::percent;
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::{CircuitPolicy, Window};
#[cfg(feature = "hedge")]
use crate::hedge::{HedgeAfter, HedgePolicy};
use crate::rate_limit::RateLimitPolicy;
use crate::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
use crate::stack::Layer;
use resil_language::duration::show;
use resil_language::plural::counted;

/// Returns what the layer does.
pub(crate) fn words(layer: &Layer) -> String {
    match layer {
        Layer::Timeout(policy) => show(policy.limit()),
        Layer::Retry(policy) => retry(policy),
        Layer::Circuit(policy) => circuit(policy),
        Layer::Bulkhead(policy) => bulkhead(policy),
        Layer::RateLimit(policy) => rate_limit(policy),
        #[cfg(feature = "hedge")]
        Layer::Hedge(policy) => hedge(policy),
    }
}

#[cfg(feature = "hedge")]
fn hedge(policy: &HedgePolicy) -> String {
    let copies = policy.max;
    let after = match policy.after {
        HedgeAfter::Delay(delay) => format!("after {}", show(delay)),
        HedgeAfter::Percentile { percent, default } => {
            let until = match default {
                None => "none until 100 successes have come".to_owned(),
                Some(default) => format!("after {} until 100 successes have come", show(default)),
            };
            format!(
                "when the others have run for longer than p{percent} of the latest successes took ({until})"
            )
        }
    };
    let budget = match policy.ratio() {
        Some(ratio) => format!("at most {} more calls on average", percent(ratio)),
        None => "no budget".to_owned(),
    };
    format!("up to {copies} copies, a further one {after}; {budget}")
}

fn retry(policy: &RetryPolicy) -> String {
    if policy.max == Some(1) {
        return "one run".to_owned();
    }
    let runs = match (policy.max, policy.budget) {
        (Some(max), _) => format!("up to {max} runs"),
        (None, None) => "as many runs as time allows".to_owned(),
        (None, Some(_)) => "as many runs as time and budget allow".to_owned(),
    };
    let mut parts = vec![runs, waits(policy)];
    let within = policy.within.map(show);
    parts.extend(within.map(|within| format!("no run begins after {within}")));
    match policy.budget {
        None => parts.push("no budget".to_owned()),
        Some(BudgetPolicy::DEFAULT) => {}
        Some(of) => {
            let refill = if of.refill == 1 {
                String::new()
            } else {
                format!(", {} back a second", of.refill)
            };
            let (capacity, cost) = (of.capacity, of.cost);
            parts.push(format!("on a budget of {capacity}, {cost} a retry{refill}"));
        }
    }
    if policy.nested_outer {
        parts.push("one run under another function's retry".to_owned());
    }
    parts.join("; ")
}

fn waits(policy: &RetryPolicy) -> String {
    let (base, cap) = (show(policy.base), show(policy.cap));
    let (waits, default) = match policy.strategy {
        Strategy::Delays(delays) => {
            let delays: Vec<String> = delays.iter().copied().map(show).collect();
            (format!("waits of {}", delays.join(", ")), Jitter::None)
        }
        _ if policy.jitter == Some(Jitter::Decorrelated) => {
            return format!(
                "random waits from {base} to three times the one before, at most {cap}"
            );
        }
        Strategy::Constant => {
            // A constant delay reaches the cap only if the jitter adds to it.
            let is_default = policy.cap == RetryPolicy::new().cap;
            let cap = match policy.jitter {
                Some(Jitter::Ratio(_)) => format!(", at most {cap}"),
                _ if !is_default => format!(", at most {cap}"),
                _ => String::new(),
            };
            (format!("waits of {base}{cap}"), Jitter::Full)
        }
        Strategy::Linear => (
            format!("linear waits from {base}, at most {cap}"),
            Jitter::Full,
        ),
        Strategy::Fibonacci => (
            format!("Fibonacci waits from {base}, at most {cap}"),
            Jitter::Full,
        ),
        Strategy::Exponential => {
            let factor = policy.factor;
            let is_default = (factor - RetryPolicy::new().factor).abs() < f64::EPSILON;
            let factor = if is_default {
                String::new()
            } else {
                format!(" by a factor of {factor}")
            };
            (
                format!("exponential waits from {base}{factor}, at most {cap}"),
                Jitter::Full,
            )
        }
    };
    let jitter = match policy.jitter.unwrap_or(default) {
        Jitter::Full => ", with full jitter".to_owned(),
        Jitter::Equal => ", with equal jitter".to_owned(),
        Jitter::Ratio(ratio) => format!(", with a jitter of {}", percent(ratio)),
        Jitter::None | Jitter::Decorrelated => String::new(),
    };
    format!("{waits}{jitter}")
}

fn circuit(policy: &CircuitPolicy) -> String {
    let open_for = show(policy.open_for);
    let failed = policy.failure_rate.map(percent);
    let slow = policy.slow.map(|slow| {
        let rate = percent(policy.slow_rate.unwrap_or(1.0));
        (rate, format!("take {} or longer", show(slow)))
    });
    let calls = calls(policy);
    let by_rate = match (failed, slow) {
        (None, None) => None,
        (Some(rate), None) => Some(format!("when {rate} of {calls} fail")),
        (None, Some((rate, slow))) => Some(format!("when {rate} of {calls} {slow}")),
        (Some(rate), Some((slow_rate, slow))) => Some(format!(
            "when {rate} of {calls} fail or {slow_rate} of them {slow}"
        )),
    };
    let in_a_row = policy.failures.or(by_rate.is_none().then_some(5));
    let in_a_row = in_a_row.map(|failures| {
        format!(
            "after {}",
            counted(failures, "failure", "failures in a row")
        )
    });
    let trips: Vec<String> = in_a_row.into_iter().chain(by_rate).collect();
    format!("opens for at least {open_for} {}", trips.join(", or "))
}

fn calls(policy: &CircuitPolicy) -> String {
    let (calls, least) = match policy.window {
        Window::Calls(calls) => (
            format!("the last {}", counted(calls, "call", "calls")),
            None,
        ),
        Window::Time(time) => (format!("the calls of the last {}", show(time)), Some(20)),
    };
    match policy.min_calls.or(least) {
        Some(least) => format!("{calls} (at least {least})"),
        None => calls,
    }
}

fn bulkhead(policy: &BulkheadPolicy) -> String {
    let limit = match policy.bounds() {
        Some((min, _, max)) => {
            format!("as many calls at once as the latency allows, between {min} and {max}")
        }
        None => format!("at most {} at once", counted(policy.max, "call", "calls")),
    };
    if policy.queue == 0 {
        return format!("{limit}; others are refused");
    }
    let wait = policy
        .wait
        .map(|wait| format!(" for at most {}", show(wait)));
    format!(
        "{limit}; {}{}",
        counted(policy.queue, "more waits", "more wait"),
        wait.unwrap_or_default()
    )
}

fn rate_limit(policy: &RateLimitPolicy) -> String {
    let Some(of) = policy.settings() else {
        return String::new();
    };
    let rate = format!(
        "at most {} in {}, {} at once",
        counted(of.max, "call", "calls"),
        show(of.per),
        of.burst
    );
    match of.wait {
        Some(wait) => format!(
            "{rate}; a call that is too early waits for at most {}",
            show(wait)
        ),
        None => rate,
    }
}
