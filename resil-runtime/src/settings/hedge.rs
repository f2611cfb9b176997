//! The options of a hedge.

use std::time::Duration;

use resil_language::duration;
use resil_language::messages::{help, nameless};
use resil_language::number::{Found, is_endless};
use resil_language::tables::hedge::{PERCENTILE, PERCENTILES, SPEC, nearest_percentile as near};

use super::Named;
use super::given::Given;
use super::show::{count, ratio, time};
use super::table::{Setting, Table, Written};
use super::value::Value;
use crate::hedge::{HedgeAfter, HedgePolicy};
use crate::stack::Layer;

impl Named for HedgePolicy {
    const NAME: &'static str = "hedge";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new(HedgeAfter::Delay(Duration::ZERO));

    fn layer(self) -> Option<Layer> {
        Some(Layer::Hedge(self))
    }
}

static TABLE: Table<HedgePolicy> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "after",
            read: |policy, value| Ok(policy.after(after(value)?)),
            write: |policy| {
                Some(match policy.after {
                    HedgeAfter::Delay(delay) => time(delay),
                    HedgeAfter::Percentile { percent, default } => Given::Text(match default {
                        Some(default) => format!("p{percent}(default = {})", time(default).shown()),
                        None => format!("p{percent}"),
                    }),
                })
            },
        },
        Setting {
            name: "max",
            read: |policy, value| match value.found() {
                Found::Word(word) if is_endless(word) => {
                    Err(value.wrong_but(&format!("`{word}` is none: 16 are the most"), "16"))
                }
                _ => Ok(policy.max(value.count(2, 16)?)),
            },
            write: |policy| Some(count(policy.max)),
        },
        Setting {
            name: "budget",
            read: budget,
            write: |policy| Some(policy.ratio().map_or_else(|| Given::text("off"), ratio)),
        },
    ],
    rules: |_, written: &Written| {
        if written.has("after") {
            return Vec::new();
        }
        vec![help(
            "`#[hedge]` needs `after`: the delay before each further copy",
            "write `#[hedge(after = 50ms)]`, or `#[hedge(after = p95)]` for a percentile",
        )]
    },
};

fn budget(policy: HedgePolicy, value: &Value<'_>) -> Result<HedgePolicy, String> {
    match value.found() {
        Found::Word("off") => Ok(policy.no_budget()),
        Found::Word(
            word @ ("none" | "no" | "false" | "never" | "disabled" | "unlimited" | "unbounded"),
        ) => Err(value.wrong_but(&format!("`{word}` is none of these"), "off")),
        Found::Number(number) if number.value() == Some(0.0) => {
            let what = format!("`{}` would start no copy", number.text);
            Err(value.wrong_but(&what, value.slot.example))
        }
        _ if matches!(value.given, Given::Table(_)) => {
            let what = format!("`{}` is a retry's budget", value.shown);
            Err(value.slot.wrong(&what, &[]))
        }
        _ => Ok(policy.budget(value.ratio()?)),
    }
}

/// Reads a DURATION or a percentile.
fn after(value: &Value<'_>) -> Result<HedgeAfter, String> {
    if let Some(percentile) = Percentile::of(value.shown) {
        return percentile.read(value);
    }
    let meant = match value.found() {
        Found::Percent(number) => number.value().and_then(near),
        Found::Number(number) if number.fractional && number.suffix.is_empty() => {
            let share = number.value().filter(|share| (0.0..1.0).contains(share));
            share.and_then(|share| near(share * 100.0))
        }
        _ => None,
    };
    match meant {
        Some(meant) => Err(value.wrong_but(&value.found().describe(), &meant)),
        // A delay of zero starts all copies at once.
        None => value.duration_from(Duration::ZERO).map(HedgeAfter::Delay),
    }
}

/// `p95`, `p99.9`, `p95(default = 50ms)`, in parts.
struct Percentile<'t> {
    /// The digits, with a point where there is one.
    number: &'t str,
    /// What stands in parentheses.
    options: Option<&'t str>,
    /// What stands behind.
    rest: &'t str,
}

impl<'t> Percentile<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let digits = text.strip_prefix('p')?;
        let end = digits
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(digits.len());
        let (number, rest) = digits.split_at(end);
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let rest = rest.trim();
        let (options, rest) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((options, rest)) => (Some(options.trim()), rest.trim()),
            None => (None, rest),
        };
        Some(Self {
            number,
            options,
            rest,
        })
    }

    fn percent(&self) -> Option<f64> {
        if self.number == "99.9" {
            return Some(99.9);
        }
        let percent: u32 = self.number.parse().ok()?;
        let known = PERCENTILES.contains(&percent) && self.number.len() == 2;
        known.then(|| f64::from(percent))
    }

    fn read(&self, value: &Value<'_>) -> Result<HedgeAfter, String> {
        let name = format!("p{}", self.number);
        let Some(percent) = self.percent() else {
            let near = self.number.parse().ok().and_then(near);
            let what = format!("`{name}` is none: they are `p50` to `p99`, and `p99.9`");
            return Err(value.wrong_but(&what, near.as_deref().unwrap_or("p95")));
        };
        if !self.rest.is_empty() {
            let what = format!("behind `{name}` stands `{}`", self.rest);
            return Err(value.wrong_but(&what, &name));
        }
        let after = HedgeAfter::percentile(percent);
        let Some(options) = self.options else {
            return Ok(after);
        };
        if options.is_empty() {
            return Err(value.wrong_but("the parentheses are empty", &name));
        }
        let Some((option, default)) = options.split_once('=') else {
            let is_time = duration::looks_like_one(options);
            let texts = [format!("default = {options}")];
            let texts = is_time.then_some(texts.as_slice());
            return Err(nameless(&PERCENTILE, options, texts));
        };
        let given = [(option.trim().to_owned(), Given::text(default.trim()))];
        let (default, _, faults) = DEFAULT.read(None, &given);
        match default {
            Some(default) if faults.is_empty() => Ok(after.or(default)),
            _ => Err(faults.join("\n")),
        }
    }
}

static DEFAULT: Table<Option<Duration>> = Table {
    spec: &PERCENTILE,
    settings: &[Setting {
        name: "default",
        read: |_, value| value.duration_from(Duration::ZERO).map(Some),
        write: |default| default.map(time),
    }],
    rules: |_, _| Vec::new(),
};
