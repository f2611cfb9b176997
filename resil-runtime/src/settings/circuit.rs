//! The options of a circuit.

use std::time::Duration;

use resil_language::messages::no_effect;
use resil_language::number::Found;
use resil_language::tables::circuit::SPEC;

use super::Named;
use super::show::{count, ratio, time};
use super::table::{Setting, Table, Written};
use super::value::Value;
use crate::circuit::{CircuitPolicy, Window};

impl Named for CircuitPolicy {
    const NAME: &'static str = "circuit";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();
}

static TABLE: Table<CircuitPolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "failures",
            read: |policy, value| Ok(policy.failures(value.count(1, 65_535)?)),
            write: |policy| {
                let failures = policy.rules().failures;
                (failures != 0).then(|| count(failures))
            },
        },
        Setting {
            name: "failure_rate",
            read: |policy, value| Ok(policy.failure_rate(value.ratio()?)),
            write: |policy| policy.failure_rate.map(ratio),
        },
        Setting {
            name: "window",
            read: |policy, value| Ok(policy.window(window(value)?)),
            write: |policy| {
                policy.rules().rate.map(|_| match policy.window {
                    Window::Calls(calls) => count(calls),
                    Window::Time(span) => time(span),
                })
            },
        },
        Setting {
            name: "min_calls",
            read: |policy, value| Ok(policy.min_calls(value.count(1, u32::MAX)?)),
            write: |policy| policy.rules().rate.map(|rate| count(rate.min_calls)),
        },
        Setting {
            name: "slow",
            read: |policy, value| Ok(policy.slow(value.duration()?)),
            write: |policy| policy.slow.map(time),
        },
        Setting {
            name: "slow_rate",
            read: |policy, value| Ok(policy.slow_rate(value.ratio()?)),
            write: |policy| policy.rules().rate?.slow.map(ratio),
        },
        Setting {
            name: "open_for",
            read: |policy, value| Ok(policy.open_for(value.duration()?)),
            write: |policy| Some(time(Duration::from_millis(policy.rules().open_for))),
        },
        Setting {
            name: "open_max",
            read: |policy, value| Ok(policy.open_max(value.duration()?)),
            write: |policy| Some(time(Duration::from_millis(policy.rules().open_max))),
        },
        Setting {
            name: "probes",
            read: |policy, value| Ok(policy.probes(value.count(1, 255)?)),
            write: |policy| Some(count(policy.rules().probes)),
        },
        Setting {
            name: "max_keys",
            read: |policy, value| Ok(policy.max_keys(value.count(1, u32::MAX)?)),
            write: |policy| Some(count(policy.rules().max_keys)),
        },
    ],
    rules,
};

/// Reads a COUNT or a DURATION, which its unit tells.
fn window(value: &Value<'_>) -> Result<Window, String> {
    let is_count =
        |suffix: &str| suffix.is_empty() || suffix != "us" && suffix.starts_with(['u', 'i']);
    match value.found() {
        Found::Number(number) if is_count(&number.suffix) => {
            value.count(1, 10_000).map(Window::Calls)
        }
        Found::Word(_) => Err(value.wrong()),
        _ => value
            .duration_from(Duration::from_millis(100))
            .map(Window::Time),
    }
}

/// The rules about what stands beside what; those about the numbers are the runtime's.
fn rules(_: &CircuitPolicy, written: &Written) -> Vec<String> {
    let mut faults = Vec::new();
    let has_rate = ["failure_rate", "slow", "slow_rate"];
    if !has_rate.iter().any(|name| written.has(name)) {
        for name in ["window", "min_calls"] {
            if written.has(name) {
                let why = "no rate is counted in a window";
                let instead = "write `failure_rate = 50%` beside it, or remove it";
                faults.push(no_effect(name, why, instead));
            }
        }
    }
    faults
}
