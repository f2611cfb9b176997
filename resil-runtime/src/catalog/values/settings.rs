//! The settings of a value, as an attribute would write them.

use crate::bulkhead::BulkheadPolicy;
use crate::catalog::entry::{CatalogSetting, Origin};
use crate::circuit::{CircuitPolicy, Window};
#[cfg(feature = "hedge")]
use crate::hedge::{HedgeAfter, HedgePolicy};
use crate::rate_limit::RateLimitPolicy;
use crate::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
use crate::stack::Layer;
use resil_language::duration::show;

/// Returns the settings in force of a layer, each with whether it is the default.
pub(crate) fn settings(layer: &Layer) -> Vec<CatalogSetting> {
    match layer {
        Layer::Timeout(policy) => vec![given("limit", show(policy.limit()))],
        Layer::Retry(policy) => retry(policy),
        Layer::Circuit(policy) => circuit(policy),
        Layer::Bulkhead(policy) => bulkhead(policy),
        Layer::RateLimit(policy) => rate_limit(policy),
        #[cfg(feature = "hedge")]
        Layer::Hedge(policy) => hedge(policy),
    }
}

pub(super) fn given(option: &str, value: impl Into<String>) -> CatalogSetting {
    CatalogSetting {
        option: option.to_owned(),
        value: value.into(),
        origin: Origin::Value,
    }
}

/// Returns a setting that has a default. A value can't tell whether the default was written.
pub(super) fn or_default<T: Copy + PartialEq>(
    option: &str,
    value: T,
    default: T,
    show: impl FnOnce(T) -> String,
) -> CatalogSetting {
    let origin = if value == default {
        Origin::Default
    } else {
        Origin::Value
    };
    CatalogSetting {
        origin,
        ..given(option, show(value))
    }
}

#[cfg(feature = "hedge")]
fn hedge(policy: &HedgePolicy) -> Vec<CatalogSetting> {
    let default = HedgePolicy::new(policy.after);
    let after = match policy.after {
        HedgeAfter::Delay(delay) => show(delay),
        HedgeAfter::Percentile { percent, default } => match default {
            Some(default) => format!("p{percent}(default = {})", show(default)),
            None => format!("p{percent}"),
        },
    };
    vec![
        given("after", after),
        or_default("max", policy.max, default.max, |max| max.to_string()),
        match policy.ratio() {
            None => given("budget", "off"),
            Some(_) => or_default("budget", policy.gain, default.gain, |_| {
                percent(policy.ratio().unwrap_or_default())
            }),
        },
    ]
}

fn retry(policy: &RetryPolicy) -> Vec<CatalogSetting> {
    const DEFAULT: RetryPolicy = RetryPolicy::new();
    let mut all = Vec::new();
    let repeats = policy.max != Some(1);
    let strategy = match policy.strategy {
        Strategy::Constant => Some("constant"),
        Strategy::Linear => Some("linear"),
        Strategy::Exponential => Some("exponential"),
        Strategy::Fibonacci => Some("fibonacci"),
        Strategy::Delays(_) => None,
    };
    let is_decorrelated = policy.jitter == Some(Jitter::Decorrelated);
    let grows = repeats && strategy.is_some();
    if grows && !is_decorrelated {
        let name = strategy.unwrap_or_default().to_owned();
        let show = |_| name;
        all.push(or_default(
            "strategy",
            policy.strategy,
            DEFAULT.strategy,
            show,
        ));
    }
    all.push(or_default(
        "max",
        policy.max,
        DEFAULT.max,
        |max| match max {
            Some(max) => max.to_string(),
            None => "unlimited".to_owned(),
        },
    ));
    if !repeats {
        return all;
    }
    match policy.strategy {
        Strategy::Delays(delays) => {
            let delays: Vec<String> = delays.iter().copied().map(show).collect();
            all.push(given("delays", format!("[{}]", delays.join(", "))));
        }
        strategy => {
            all.push(or_default("base", policy.base, DEFAULT.base, show));
            if strategy == Strategy::Exponential && !is_decorrelated {
                let show = |factor: f64| factor.to_string();
                all.push(or_default("factor", policy.factor, DEFAULT.factor, show));
            }
            all.push(or_default("cap", policy.cap, DEFAULT.cap, show));
        }
    }
    match policy.jitter {
        Some(jitter) => {
            let default = if grows { Jitter::Full } else { Jitter::None };
            all.push(or_default(
                "jitter",
                jitter,
                default,
                |jitter| match jitter {
                    Jitter::None => "none".to_owned(),
                    Jitter::Full => "full".to_owned(),
                    Jitter::Equal => "equal".to_owned(),
                    Jitter::Decorrelated => "decorrelated".to_owned(),
                    Jitter::Ratio(ratio) => percent(ratio),
                },
            ));
        }
        None if grows => all.push(or_default("jitter", (), (), |()| "full".to_owned())),
        None => {}
    }
    all.extend(policy.within.map(|within| given("within", show(within))));
    all.push(match policy.budget {
        None => given("budget", "off"),
        Some(budget) => or_default("budget", budget, BudgetPolicy::DEFAULT, |of| {
            format!(
                "capacity = {}, cost = {}, refill = {}",
                of.capacity, of.cost, of.refill
            )
        }),
    });
    all.extend(policy.nested_outer.then(|| given("nested", "outer")));
    all
}

fn circuit(policy: &CircuitPolicy) -> Vec<CatalogSetting> {
    let CircuitPolicy {
        failures,
        failure_rate,
        window,
        min_calls,
        slow,
        slow_rate,
        open_for,
        open_max,
        ..
    } = *policy;
    let has_rate = failure_rate.is_some() || slow.is_some();
    let default = CircuitPolicy::new();
    let mut all = Vec::new();
    match failures {
        Some(failures) => all.push(or_default("failures", failures, 5, |n| n.to_string())),
        None if !has_rate => all.push(or_default("failures", 5, 5, |n| n.to_string())),
        None => {}
    }
    all.extend(failure_rate.map(|rate| given("failure_rate", percent(rate))));
    if has_rate {
        all.push(or_default(
            "window",
            window,
            default.window,
            |window| match window {
                Window::Calls(calls) => calls.to_string(),
                Window::Time(time) => show(time),
            },
        ));
        let least = match window {
            Window::Calls(calls) => calls,
            Window::Time(_) => 20,
        };
        let calls = min_calls.unwrap_or(least);
        all.push(or_default("min_calls", calls, least, |n| n.to_string()));
    }
    if let Some(slow) = slow {
        all.push(given("slow", show(slow)));
        all.push(or_default(
            "slow_rate",
            slow_rate.unwrap_or(1.0),
            1.0,
            percent,
        ));
    }
    all.push(or_default("open_for", open_for, default.open_for, show));
    match open_max {
        Some(open_max) => all.push(given("open_max", show(open_max))),
        None if open_for == default.open_for => {
            all.push(or_default("open_max", open_for * 10, open_for * 10, show));
        }
        None => {}
    }
    all.push(or_default("probes", policy.probes, default.probes, |n| {
        n.to_string()
    }));
    all
}

fn bulkhead(policy: &BulkheadPolicy) -> Vec<CatalogSetting> {
    let mut all = vec![match policy.bounds() {
        Some((min, start, max)) => given(
            "adaptive",
            format!("min = {min}, start = {start}, max = {max}"),
        ),
        None => or_default("max", policy.max, BulkheadPolicy::new().max, |n| {
            n.to_string()
        }),
    }];
    all.push(or_default("queue", policy.queue, 0, |n| n.to_string()));
    all.extend(policy.wait.map(|wait| given("wait", show(wait))));
    all
}

fn rate_limit(policy: &RateLimitPolicy) -> Vec<CatalogSetting> {
    let Some(settings) = policy.settings() else {
        return Vec::new();
    };
    let mut all = vec![
        given("max", settings.max.to_string()),
        given("per", show(settings.per)),
        or_default("burst", settings.burst, settings.max, |n| n.to_string()),
    ];
    all.extend(settings.wait.map(|wait| given("wait", show(wait))));
    all
}

/// Formats a share as a percentage: `50%`, `0.5%`.
pub(super) fn percent(share: f64) -> String {
    // To six places: a hundredth of a percentage that is not a binary fraction stays readable.
    let percent = (share * 100.0 * 1e6).round() / 1e6;
    format!("{percent}%")
}
