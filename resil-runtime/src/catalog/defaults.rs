//! The defaults of options that an attribute does not write.
//!
//! A default is listed where it is in force: the `window` of a circuit only beside a rate, the `factor` of a
//! retry only while its delays grow by one. Where a `policy` or another function of the same name has the
//! settings, nothing is listed.

use std::borrow::Cow;

/// The options of one policy that are written, and their values.
type Written<'a> = &'a [(&'a str, &'a str)];

/// An option that is not written, and its value beside what is; `None` where it means nothing.
type Default = (&'static str, fn(Written<'_>) -> Option<Cow<'static, str>>);

/// Returns the value of an option that is written.
fn value<'a>(written: Written<'a>, option: &str) -> Option<&'a str> {
    let mut all = written.iter();
    all.find(|(name, _)| *name == option)
        .map(|(_, value)| *value)
}

fn has(written: Written<'_>, option: &str) -> bool {
    value(written, option).is_some()
}

fn is(written: Written<'_>, option: &str, text: &str) -> bool {
    value(written, option) == Some(text)
}

/// Returns `value` where it is in force.
fn given(is_in_force: bool, value: &'static str) -> Option<Cow<'static, str>> {
    is_in_force.then_some(Cow::Borrowed(value))
}

/// Whether a retry follows at all.
fn repeats(written: Written<'_>) -> bool {
    !is(written, "max", "1")
}

/// Whether the delays of a retry are those of a strategy.
fn grows(written: Written<'_>) -> bool {
    repeats(written) && !has(written, "delays") && !has(written, "backoff")
}

fn is_decorrelated(written: Written<'_>) -> bool {
    is(written, "jitter", "decorrelated")
}

fn is_exponential(written: Written<'_>) -> bool {
    value(written, "strategy").is_none_or(|strategy| strategy == "exponential")
}

/// Whether a circuit counts a rate.
fn has_rate(written: Written<'_>) -> bool {
    has(written, "failure_rate") || has(written, "slow")
}

/// Returns the calls without which no rate trips: all of a window that counts calls.
fn min_calls(written: Written<'_>) -> Option<Cow<'static, str>> {
    if !has_rate(written) {
        return None;
    }
    let window = value(written, "window").unwrap_or("100");
    if window.replace('_', "").parse::<u32>().is_ok() {
        return Some(Cow::Owned(window.to_owned()));
    }
    // A const may be of either kind.
    let is_time = window.starts_with(|c: char| c.is_ascii_digit());
    given(is_time, "20")
}

/// Returns the bound on keys, where there are some.
fn max_keys(written: Written<'_>) -> Option<Cow<'static, str>> {
    given(has(written, "key"), "10_000")
}

const RETRY: &[Default] = &[
    ("strategy", |of| {
        given(grows(of) && !is_decorrelated(of), "exponential")
    }),
    ("max", |_| given(true, "3")),
    ("base", |of| given(grows(of), "100ms")),
    ("factor", |of| {
        given(grows(of) && is_exponential(of) && !is_decorrelated(of), "2")
    }),
    ("cap", |of| given(repeats(of) && !has(of, "delays"), "20s")),
    ("jitter", |of| given(grows(of), "full")),
    ("budget", |of| {
        given(repeats(of), "capacity = 500, cost = 5, refill = 1")
    }),
];

const CIRCUIT: &[Default] = &[
    ("failures", |of| given(!has_rate(of), "5")),
    ("window", |of| given(has_rate(of), "100")),
    ("min_calls", min_calls),
    ("slow_rate", |of| given(has(of, "slow"), "100%")),
    ("open_for", |_| given(true, "30s")),
    ("open_max", |of| given(!has(of, "open_for"), "5m")),
    ("probes", |_| given(true, "1")),
    ("max_keys", max_keys),
];

const BULKHEAD: &[Default] = &[("queue", |_| given(true, "0")), ("max_keys", max_keys)];

const RATE_LIMIT: &[Default] = &[
    ("burst", |of| {
        value(of, "max").map(|max| Cow::Owned(max.to_owned()))
    }),
    ("cost", |_| given(true, "1")),
    ("max_keys", max_keys),
    ("on_outage", |of| given(has(of, "store"), "local")),
];

const HEDGE: &[Default] = &[
    ("max", |_| given(true, "2")),
    ("budget", |_| given(true, "10%")),
];

const IDEMPOTENT: &[Default] = &[
    ("ttl", |_| given(true, "24h")),
    ("lease", |_| given(true, "30s")),
    ("conflict", |_| given(true, "wait")),
    ("on_abandon", |_| given(true, "retry")),
    ("errors", |_| given(true, "forget")),
    ("version", |_| given(true, "1")),
];

/// Returns the defaults in force of a policy, beside the options that are written.
pub(super) fn of(
    policy: &str,
    written: Written<'_>,
) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
    let all: &[Default] = match policy {
        _ if has(written, "policy") => &[],
        "retry" => RETRY,
        "circuit" if is_set(written) => CIRCUIT,
        "bulkhead" if has(written, "max") || has(written, "adaptive") => BULKHEAD,
        "rate_limit" if has(written, "max") => RATE_LIMIT,
        "hedge" => HEDGE,
        "idempotent" => IDEMPOTENT,
        // It has no settings, or a name alone, and then the settings of another function.
        _ => &[],
    };
    let missing = all.iter().filter(|(option, _)| !has(written, option));
    missing.filter_map(|(option, value)| Some((*option, value(written)?)))
}

/// Whether a circuit has settings of its own, and not the name of another one alone.
fn is_set(written: Written<'_>) -> bool {
    const OTHERS: [&str; 5] = ["name", "on", "ignore", "on_ok", "key"];
    !has(written, "name") || written.iter().any(|(name, _)| !OTHERS.contains(name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::entry::Origin;
    use crate::catalog::values;
    use crate::circuit::{CircuitPolicy, Window};
    use crate::rate_limit::RateLimitPolicy;
    use crate::retry::{Jitter, RetryPolicy, Strategy};
    use crate::stack::Layer;

    /// The defaults of an attribute with these options.
    fn defaults(policy: &str, written: Written<'_>) -> Vec<(String, String)> {
        let defaults = of(policy, written);
        defaults
            .map(|(option, value)| (option.to_owned(), value.into_owned()))
            .collect()
    }

    /// Those of a value, which come from the policies themselves.
    fn of_value(layer: impl Into<Layer>) -> Vec<(String, String)> {
        let settings = values::settings(&layer.into()).into_iter();
        let defaults = settings.filter(|setting| setting.origin == Origin::Default);
        defaults
            .map(|setting| (setting.option, setting.value))
            .collect()
    }

    #[test]
    fn they_are_those_of_the_policies() {
        let time = Duration::from_secs(7);
        for (policy, written, value) in [
            ("retry", &[][..], of_value(RetryPolicy::new())),
            (
                "retry",
                &[("max", "1")],
                of_value(RetryPolicy::new().max(1)),
            ),
            (
                "retry",
                &[("strategy", "linear"), ("base", "7s")],
                of_value(RetryPolicy::new().strategy(Strategy::Linear).base(time)),
            ),
            (
                "retry",
                &[("delays", "[7s]")],
                of_value(
                    RetryPolicy::new()
                        .strategy(Strategy::Delays(const { &[Duration::from_secs(7)] })),
                ),
            ),
            (
                "retry",
                &[("jitter", "decorrelated")],
                of_value(RetryPolicy::new().jitter(Jitter::Decorrelated)),
            ),
            (
                "retry",
                &[("budget", "off")],
                of_value(RetryPolicy::new().no_budget()),
            ),
            ("circuit", &[], of_value(CircuitPolicy::new())),
            (
                "circuit",
                &[("open_for", "7s"), ("name", "\"pay\"")],
                of_value(CircuitPolicy::new().open_for(time)),
            ),
            (
                "circuit",
                &[("failure_rate", "50%")],
                of_value(CircuitPolicy::new().failure_rate(0.5)),
            ),
            (
                "circuit",
                &[("slow", "7s"), ("window", "9")],
                of_value(CircuitPolicy::new().slow(time).window(Window::Calls(9))),
            ),
            (
                "circuit",
                &[("slow", "7s"), ("window", "7s")],
                of_value(CircuitPolicy::new().slow(time).window(Window::Time(time))),
            ),
            (
                "rate_limit",
                &[("max", "9"), ("per", "7s")],
                of_value(RateLimitPolicy::new().max(9).per(time)),
            ),
        ] {
            let mut of_attribute = defaults(policy, written);
            of_attribute.retain(|(option, _)| option != "cost");
            assert_eq!(of_attribute, value, "{policy} {written:?}");
        }
    }

    #[test]
    fn where_another_has_the_settings_none_is_listed() {
        for (policy, written) in [
            ("retry", &[("policy", "P")][..]),
            ("circuit", &[("name", "\"pay\"")]),
            ("circuit", &[("name", "\"pay\""), ("on", "Down")]),
            ("bulkhead", &[("name", "\"pay\"")]),
            ("rate_limit", &[("name", "\"pay\"")]),
            ("fallback", &[("value", "0")]),
        ] {
            assert!(defaults(policy, written).is_empty(), "{policy} {written:?}");
        }
    }
}
