//! The options of a bulkhead.

use resil_language::messages::{excludes, help, no_effect};
use resil_language::number::{Found, is_endless};
use resil_language::tables::bulkhead::{ADAPTIVE, SPEC};

use super::Named;
use super::given::Given;
use super::show::{count, time};
use super::table::{Setting, Table, Written};
use super::value::Value;
use crate::bulkhead::{AdaptiveLimit, BulkheadPolicy};

/// The greatest limit.
const MOST: u32 = 65_535;

impl Named for BulkheadPolicy {
    const NAME: &'static str = "bulkhead";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();
}

static TABLE: Table<BulkheadPolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "max",
            read: |policy, value| Ok(policy.max(no_endless(value, 1, MOST)?)),
            write: |policy| match policy.limit() {
                (max, None) => Some(count(max)),
                _ => None,
            },
        },
        Setting {
            name: "queue",
            read: |policy, value| Ok(policy.queue(no_endless(value, 0, u32::MAX)?)),
            write: |policy| Some(count(policy.queue)),
        },
        Setting {
            name: "wait",
            read: |policy, value| Ok(policy.wait(value.duration()?)),
            write: |policy| policy.wait.filter(|_| policy.queue > 0).map(time),
        },
        Setting {
            name: "adaptive",
            read: |policy, value| Ok(policy.adaptive(adaptive(value)?)),
            write: |policy| {
                let bounds = BOUNDS.write(&policy.limit().1?);
                let bounds = bounds.into_iter();
                let bounds = bounds.map(|(name, value)| (name.to_owned(), value));
                Some(Given::Table(bounds.collect()))
            },
        },
        Setting {
            name: "max_keys",
            read: |policy, value| Ok(policy.max_keys(value.count(1, u32::MAX)?)),
            write: |policy| Some(count(policy.keys())),
        },
    ],
    rules,
};

/// Reads a COUNT. A word for “no limit” is none: both numbers are there to set one.
fn no_endless(value: &Value<'_>, least: u32, most: u32) -> Result<u32, String> {
    match value.found() {
        Found::Word(word) if is_endless(word) => Err(value.wrong()),
        _ => value.count_or(least, most, value.slot.example),
    }
}

/// Reads the bare flag, or the bounds of the limit.
fn adaptive(value: &Value<'_>) -> Result<AdaptiveLimit, String> {
    let texts = ["adaptive".to_owned()];
    let options = match value.given {
        Given::Flag(true) => return Ok(AdaptiveLimit::new()),
        Given::Table(options) if options.is_empty() => {
            return Err(value.slot.wrong_for("the parentheses are empty", &texts));
        }
        Given::Table(options) => options,
        _ => {
            return Err(value.slot.wrong_for(&value.found().describe(), &texts));
        }
    };
    let (bounds, written, mut faults) = BOUNDS.read(AdaptiveLimit::new(), options);
    if faults.is_empty() {
        faults = in_order(&bounds, &written);
    }
    if faults.is_empty() {
        Ok(bounds)
    } else {
        Err(faults.join("\n"))
    }
}

static BOUNDS: Table<AdaptiveLimit> = Table {
    spec: &ADAPTIVE,
    settings: &[
        Setting {
            name: "min",
            read: |bounds, value| Ok(bounds.min(value.count(1, MOST)?)),
            write: |bounds| Some(count(bounds.ordered().lowest())),
        },
        Setting {
            name: "start",
            read: |bounds, value| Ok(bounds.start(value.count(1, MOST)?)),
            write: |bounds| Some(count(bounds.ordered().first())),
        },
        Setting {
            name: "max",
            read: |bounds, value| Ok(bounds.max(value.count(1, MOST)?)),
            write: |bounds| Some(count(bounds.ordered().highest())),
        },
    ],
    rules: |_, _| Vec::new(),
};

/// Checks that the bounds are in order. A `start` that is not written is moved between the others.
fn in_order(bounds: &AdaptiveLimit, written: &Written) -> Vec<String> {
    let (min, start, max) = (bounds.lowest(), bounds.first(), bounds.highest());
    let which = if written.has("max") { "" } else { "default " };
    let mut faults = Vec::new();
    for (name, value) in [("min", min), ("start", start)] {
        if written.has(name) && value > max {
            faults.push(help(
                format!("`{name}` of `{value}` is above the {which}`max` of `{max}` in `adaptive`"),
                format!("write `{name} = {max}` or `max = {value}`"),
            ));
        }
    }
    if written.has("start") && written.has("min") && start < min {
        faults.push(help(
            format!("`start` of `{start}` is below the `min` of `{min}` in `adaptive`"),
            format!("write `start = {min}`"),
        ));
    }
    faults
}

/// The rules about what stands beside what.
fn rules(policy: &BulkheadPolicy, written: &Written) -> Vec<String> {
    let mut faults = Vec::new();
    if !written.has("max") && !written.has("adaptive") {
        faults.push(help(
            "`#[bulkhead]` needs a `max`, the number of calls inside at once",
            "write `#[bulkhead(max = 16)]`, or `#[bulkhead(adaptive)]` to have it found",
        ));
    }
    if written.has("max") && written.has("adaptive") {
        let why = "the limit is found within `adaptive(max = ..)`, or it is fixed";
        faults.push(excludes("adaptive", "max", why));
    }
    if written.has("wait") && !written.has("queue") {
        let why = "without a `queue` no call waits";
        let instead = "write `queue = 64` beside it, or remove it";
        faults.push(no_effect("wait", why, instead));
    } else if written.has("wait") && policy.queue == 0 {
        let why = "with a `queue` of `0` no call waits";
        let instead = "write `queue = 64`, or remove `wait`";
        faults.push(no_effect("wait", why, instead));
    }
    faults
}
