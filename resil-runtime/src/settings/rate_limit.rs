//! The options of a rate limit.

use resil_language::messages::help;
use resil_language::tables::rate_limit::{ON_OUTAGE, SPEC};

use super::Named;
use super::given::Given;
use super::show::{count, time};
use super::table::{Setting, Table, Written};
use crate::rate_limit::{OnOutage, RateLimitPolicy};

impl Named for RateLimitPolicy {
    const NAME: &'static str = "rate_limit";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();
}

static TABLE: Table<RateLimitPolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "max",
            read: |policy, value| Ok(policy.max(value.count(1, u32::MAX)?)),
            write: |policy| policy.settings().map(|set| count(set.max)),
        },
        Setting {
            name: "per",
            read: |policy, value| Ok(policy.per(value.duration()?)),
            write: |policy| policy.settings().map(|set| time(set.per)),
        },
        Setting {
            name: "burst",
            read: |policy, value| Ok(policy.burst(value.count(1, u32::MAX)?)),
            write: |policy| policy.settings().map(|set| count(set.burst)),
        },
        Setting {
            name: "wait",
            read: |policy, value| Ok(policy.wait(value.duration()?)),
            write: |policy| policy.settings().and_then(|set| set.wait).map(time),
        },
        Setting {
            name: "max_keys",
            read: |policy, value| Ok(policy.max_keys(value.count(1, u32::MAX)?)),
            write: |policy| policy.settings().map(|set| count(set.max_keys)),
        },
        Setting {
            name: "on_outage",
            read: |policy, value| {
                Ok(policy.on_outage(match value.word(&ON_OUTAGE)? {
                    "open" => OnOutage::Open,
                    "closed" => OnOutage::Closed,
                    _ => OnOutage::Local,
                }))
            },
            write: |policy| {
                let word = match policy.settings()?.on_outage {
                    OnOutage::Open => "open",
                    OnOutage::Closed => "closed",
                    OnOutage::Local => "local",
                };
                Some(Given::text(word))
            },
        },
    ],
    rules,
};

/// The rules about what stands beside what.
fn rules(_: &RateLimitPolicy, written: &Written) -> Vec<String> {
    let fault = match (written.has("max"), written.has("per")) {
        (true, true) => return Vec::new(),
        (true, false) => help(
            "`max` says how many calls, but nothing says in which time",
            "write `per = 1s` beside it",
        ),
        (false, true) => help(
            "`per` says in which time, but nothing says how many calls",
            "write `max = 100` beside it",
        ),
        (false, false) => match ["burst", "wait"].into_iter().find(|name| written.has(name)) {
            Some(name) => help(
                format!("`{name}` needs a rate beside it: `max` and `per`"),
                "write `max = 100, per = 1s` beside it",
            ),
            None => help(
                "`#[rate_limit]` needs `max` and `per`",
                "write `#[rate_limit(max = 100, per = 1s)]`",
            ),
        },
    };
    vec![fault]
}
