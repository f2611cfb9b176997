//! The options of a retry.

use resil_language::messages::{excludes, no_effect};
use resil_language::nearest::nearest;
use resil_language::number::{Found, is_endless};
use resil_language::table::{JITTER, Kind, Opt};
use resil_language::tables::retry::{BUDGET, SPEC};

use super::given::Given;
use super::show::{count, number, ratio, time};
use super::table::{Setting, Table, Written};
use super::value::Value;
use super::{Named, lists};
use crate::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
use crate::stack::Layer;

impl Named for RetryPolicy {
    const NAME: &'static str = "retry";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self::new();

    fn layer(self) -> Option<Layer> {
        Some(Layer::Retry(self))
    }
}

macro_rules! strategy {
    ($name:literal, $strategy:ident) => {
        Setting {
            name: $name,
            read: |policy, _| Ok(policy.strategy(Strategy::$strategy)),
            write: |policy| (policy.strategy == Strategy::$strategy).then_some(Given::Flag(true)),
        }
    };
}

static TABLE: Table<RetryPolicy> = Table {
    spec: &SPEC,
    settings: &[
        strategy!("constant", Constant),
        strategy!("linear", Linear),
        strategy!("exponential", Exponential),
        strategy!("fibonacci", Fibonacci),
        Setting {
            name: "max",
            read: max,
            write: |policy| Some(policy.max.map_or_else(|| Given::text("unlimited"), count)),
        },
        Setting {
            name: "base",
            read: |policy, value| Ok(policy.base(value.duration()?)),
            write: |policy| computed(policy).then(|| time(policy.base)),
        },
        Setting {
            name: "factor",
            read: |policy, value| Ok(policy.factor(value.number(1.0)?)),
            write: |policy| {
                let grows = policy.strategy == Strategy::Exponential
                    && policy.jitter != Some(Jitter::Decorrelated);
                grows.then(|| number(policy.factor))
            },
        },
        Setting {
            name: "cap",
            read: |policy, value| Ok(policy.cap(value.duration()?)),
            write: |policy| computed(policy).then(|| time(policy.cap)),
        },
        Setting {
            name: "jitter",
            read: |policy, value| Ok(policy.jitter(jitter(value)?)),
            write: |policy| {
                Some(match (policy.jitter, policy.strategy) {
                    (Some(Jitter::Ratio(r)), _) => ratio(r),
                    (Some(Jitter::Equal), _) => Given::text("equal"),
                    (Some(Jitter::None), _)
                    | (None | Some(Jitter::Decorrelated), Strategy::Delays(_)) => {
                        Given::text("none")
                    }
                    (Some(Jitter::Decorrelated), _) => Given::text("decorrelated"),
                    (Some(Jitter::Full) | None, _) => Given::text("full"),
                })
            },
        },
        Setting {
            name: "delays",
            read: delays,
            write: |policy| match policy.strategy {
                Strategy::Delays(all) => Some(Given::List(all.iter().copied().map(time).collect())),
                _ => None,
            },
        },
        Setting {
            name: "within",
            read: |policy, value| Ok(policy.within(value.duration()?)),
            write: |policy| policy.within.map(time),
        },
        Setting {
            name: "budget",
            read: budget,
            write: |policy| {
                Some(match policy.budget {
                    None => Given::text("off"),
                    Some(budget) => Given::Table(
                        [
                            ("capacity", budget.capacity),
                            ("cost", budget.cost),
                            ("refill", budget.refill),
                        ]
                        .map(|(name, number)| (name.to_owned(), count(number)))
                        .into(),
                    ),
                })
            },
        },
        Setting {
            name: "nested",
            read: |policy, value| value.word(&["outer"]).map(|_| policy.nested_outer()),
            write: |policy| policy.nested_outer.then(|| Given::text("outer")),
        },
    ],
    rules,
};

/// Whether the delays are computed from a base.
fn computed(policy: &RetryPolicy) -> bool {
    !matches!(policy.strategy, Strategy::Delays(_))
}

fn max(policy: RetryPolicy, value: &Value<'_>) -> Result<RetryPolicy, String> {
    match value.found() {
        Found::Word("unlimited") => Ok(policy.unlimited()),
        Found::Word(word) if is_endless(word) || nearest(word, ["unlimited"]).is_some() => {
            Err(value.wrong_but(&format!("`{word}` is none of these"), "unlimited"))
        }
        _ => Ok(policy.max(value.count(1, u32::MAX)?)),
    }
}

fn jitter(value: &Value<'_>) -> Result<Jitter, String> {
    if *value.given == Given::Flag(true) {
        return Ok(Jitter::Full);
    }
    let Found::Word(word) = value.found() else {
        return value.ratio().map(Jitter::Ratio);
    };
    let meant = match word {
        "true" | "random" | "on" => Some("full"),
        "false" => Some("none"),
        _ => None,
    };
    if let Some(meant) = meant {
        return Err(value.wrong_but(&format!("`{word}` is none of these"), meant));
    }
    Ok(match value.word(&JITTER)? {
        "full" => Jitter::Full,
        "equal" => Jitter::Equal,
        "decorrelated" => Jitter::Decorrelated,
        _ => Jitter::None,
    })
}

fn delays(policy: RetryPolicy, value: &Value<'_>) -> Result<RetryPolicy, String> {
    match lists::kept(&value.durations()?) {
        Some(list) => Ok(policy.strategy(Strategy::Delays(list))),
        None => Err(value
            .slot
            .wrong("a process keeps at most 1000 lists of 1000 delays", &[])),
    }
}

fn budget(policy: RetryPolicy, value: &Value<'_>) -> Result<RetryPolicy, String> {
    let options = match value.given {
        Given::Table(options) if options.is_empty() => {
            return Err(value.slot.wrong("the parentheses are empty", &[]));
        }
        Given::Table(options) => options,
        _ => return no_table(policy, value),
    };
    let (budget, _, faults) = NUMBERS.read(BudgetPolicy::DEFAULT, options);
    if faults.is_empty() {
        Ok(policy.budget(budget))
    } else {
        Err(faults.join("\n"))
    }
}

/// Reads a budget that is one word or number.
fn no_table(policy: RetryPolicy, value: &Value<'_>) -> Result<RetryPolicy, String> {
    match value.found() {
        Found::Word("off") => Ok(policy.no_budget()),
        Found::Word(word @ ("none" | "false" | "no" | "disabled" | "unlimited")) => {
            Err(value.wrong_but(&format!("`{word}` is none of these"), "off"))
        }
        Found::Word(word) if BUDGET.option(word).is_some() => {
            let instead = BUDGET.option(word).map(Opt::sample).unwrap_or_default();
            let what = format!("`{word}` is none of these");
            Err(value.wrong_but(&what, &format!("({instead})")))
        }
        Found::Word("true") => Err(value.wrong()),
        Found::Word(_) | Found::Other(_) if matches!(value.given, Given::Text(_)) => {
            Err(value.slot.wrong(
                "it gets its name in the code",
                &["(capacity = 500, cost = 5)".to_owned()],
            ))
        }
        Found::Number(number) if number.negative => Err(value.wrong_but(&number.describe(), "off")),
        Found::Number(number) if number.suffix.is_empty() => {
            let instead = format!("(capacity = {})", number.text);
            Err(value.wrong_but(&number.describe(), &instead))
        }
        _ => Err(value.wrong()),
    }
}

impl Named for BudgetPolicy {
    const NAME: &'static str = "budget";
    const TABLE: &'static Table<Self> = &NUMBERS;
    const BASE: Self = Self::DEFAULT;

    fn layer(self) -> Option<Layer> {
        None
    }
}

static NUMBERS: Table<BudgetPolicy> = Table {
    spec: &BUDGET,
    settings: &[
        Setting {
            name: "capacity",
            read: |mut budget, value| {
                budget.capacity = value.count_or(1, u32::MAX, value.slot.example)?;
                Ok(budget)
            },
            write: |budget| Some(count(budget.capacity)),
        },
        Setting {
            name: "cost",
            read: |mut budget, value| {
                budget.cost = value.count(1, u32::MAX)?;
                Ok(budget)
            },
            write: |budget| Some(count(budget.cost)),
        },
        Setting {
            name: "refill",
            read: |budget, value| match value.found() {
                Found::Word(word @ ("off" | "none" | "never" | "no" | "false")) => {
                    Err(value.wrong_but(&format!("`{word}` is a word"), "0"))
                }
                _ => Ok(budget.refill(value.count(0, u32::MAX)?)),
            },
            write: |budget| Some(count(budget.refill)),
        },
    ],
    rules: |_, _| Vec::new(),
};

/// The rules about what stands beside what; those about the numbers are the runtime's.
fn rules(policy: &RetryPolicy, written: &Written) -> Vec<String> {
    let mut faults = Vec::new();
    let kind = |name: &str| SPEC.option(name).map(|option| option.kind);
    let is_strategy = |name: &&str| kind(name) == Some(Kind::Strategy);
    let mut strategies = written.in_order().filter(is_strategy);
    let strategy = strategies.next();
    if let Some(first) = strategy {
        let why = "a retry has one strategy";
        faults.extend(strategies.map(|other| excludes(other, first, why)));
    }
    if written.has("delays") {
        let why = "`delays` are the delays themselves";
        let others = ["base", "factor", "cap"];
        let others = others.into_iter().filter(|name| written.has(name));
        faults.extend(
            strategy
                .into_iter()
                .chain(others)
                .map(|name| excludes(name, "delays", why)),
        );
    }
    let strategy_but = |not| strategy.filter(|name| *name != not);
    if let Some(strategy) = strategy_but("exponential")
        && written.has("factor")
        && !written.has("delays")
    {
        let why = format!("`{strategy}` does not grow by a factor");
        let instead = "remove it, or write `exponential` as the strategy";
        faults.push(no_effect("factor", &why, instead));
    }
    if policy.jitter == Some(Jitter::Decorrelated) {
        let why = "`jitter = decorrelated` makes each delay from the one before it";
        let instead = "remove it, or write another `jitter`";
        if written.has("delays") {
            faults.push(excludes("delays", "jitter = decorrelated", why));
        } else if let Some(strategy) = strategy_but("exponential") {
            faults.push(no_effect(strategy, why, instead));
        } else if written.has("factor") {
            faults.push(no_effect("factor", why, instead));
        }
    }
    faults
}
