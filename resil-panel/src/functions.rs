//! The functions, their counts and their rates.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use resil_runtime::catalog::{CatalogEntry, LiveRetryBudget, LiveState};
use resil_runtime::control::LayerInForce;
use resil_runtime::{CallStats, FunctionStats, catalog, control};
use serde::Serialize;

use crate::rows::{Row, json};

/// The seconds that the page shows of a function's rate.
const SECONDS: usize = 60;

#[derive(Serialize)]
struct Function<'a> {
    id: &'a str,
    name: &'a str,
    in_flight: u64,
    /// Since the process began.
    calls: u64,
    failed: u64,
    retries: u64,
    minute: Minute,
    /// The budgets of its retries.
    budgets: &'a [LiveRetryBudget],
    /// The policies that are switched off.
    off: &'a [String],
}

#[derive(Default, Serialize)]
struct Minute {
    calls: u64,
    failed: u64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Returns the calls that did not give their callers what they asked for. A call that its caller has
/// dropped or cancelled is not among them.
fn failed(of: &CallStats) -> u64 {
    of.errors + of.timeouts + of.refusals + of.panicked
}

/// Returns all functions as rows: those that were called, and those that were not.
pub(crate) fn rows(stats: &[FunctionStats], surroundings: &Surroundings) -> Vec<Row> {
    let mut all: BTreeMap<&str, (Option<&FunctionStats>, &Known)> = BTreeMap::new();
    for (name, known) in &surroundings.0 {
        all.insert(name, (None, known));
    }
    for of in stats {
        all.entry(of.function).or_insert((None, &UNKNOWN)).0 = Some(of);
    }
    let rows = all.into_iter();
    rows.map(|(name, (stats, known))| row(name, stats, known))
        .collect()
}

/// What is known of the functions beside their counts. It costs more to read than these, and changes less
/// often.
#[derive(Default)]
pub(crate) struct Surroundings(BTreeMap<String, Known>);

/// What is known of a function beside its counts.
#[derive(Default)]
struct Known {
    budgets: Vec<LiveRetryBudget>,
    off: Vec<String>,
}

static UNKNOWN: Known = Known {
    budgets: Vec::new(),
    off: Vec::new(),
};

/// Reads what is known of the functions beside their counts.
pub(crate) fn surroundings() -> Surroundings {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for entry in catalog().functions {
        let off = entry.policies.iter();
        let off = off.filter(|policy| policy.switched_off_by.is_some());
        let off = off.map(|policy| policy.policy.clone()).collect();
        let live = entry.policies.into_iter().flat_map(|policy| policy.live);
        let budgets = live.filter_map(budget).collect();
        known.insert(entry.function, Known { budgets, off });
    }
    Surroundings(known)
}

fn budget(live: LiveState) -> Option<LiveRetryBudget> {
    match live {
        LiveState::RetryBudget(budget) => Some(budget),
        _ => None,
    }
}

fn row(name: &str, stats: Option<&FunctionStats>, known: &Known) -> Row {
    let all = stats.map(|of| of.since_start).unwrap_or_default();
    let function = Function {
        id: name,
        name,
        in_flight: stats.map_or(0, |of| of.in_flight),
        calls: all.calls,
        failed: failed(&all),
        retries: all.retries,
        minute: stats.map(|of| minute(&of.last_minute)).unwrap_or_default(),
        budgets: &known.budgets,
        off: &known.off,
    };
    Row {
        id: name.to_owned(),
        json: json(&function),
    }
}

fn minute(of: &CallStats) -> Minute {
    let ms = |time: Duration| 1_000.0 * time.as_secs_f64();
    Minute {
        calls: of.calls,
        failed: failed(of),
        p50_ms: ms(of.p50),
        p99_ms: ms(of.p99),
    }
}

/// One function with all that is known of it.
#[derive(Serialize)]
pub(crate) struct Detail {
    name: String,
    stats: Option<FunctionStats>,
    catalog: Option<CatalogEntry>,
    in_force: Vec<Layer>,
}

/// A layer with its settings in force; those that have an effect.
#[derive(Serialize)]
struct Layer {
    policy: &'static str,
    is_on: bool,
    switched_by: String,
    options: Vec<Setting>,
}

/// A setting as the catalog lists it, with the very place that it comes from: the line of a file.
#[derive(Serialize)]
struct Setting {
    option: String,
    value: String,
    origin: String,
}

impl From<LayerInForce> for Layer {
    fn from(layer: LayerInForce) -> Self {
        let setting = |of: control::OptionInForce| {
            let (option, value) = of.listed();
            Setting {
                option: option.to_owned(),
                value: value.to_owned(),
                origin: of.origin.to_string(),
            }
        };
        Self {
            policy: layer.policy,
            is_on: layer.is_on,
            switched_by: layer.switched_by.to_string(),
            options: layer.options.into_iter().map(setting).collect(),
        }
    }
}

/// Returns all that is known of a function; `None` if nothing is.
pub(crate) fn detail(name: &str) -> Option<Detail> {
    let stats = resil_runtime::stats().function(name).cloned();
    let catalog = catalog().get(name).cloned();
    if stats.is_none() && catalog.is_none() {
        return None;
    }
    let layers = control().in_force().into_iter();
    Some(Detail {
        name: name.to_owned(),
        stats,
        catalog,
        in_force: layers
            .filter(|l| l.function == name)
            .map(Layer::from)
            .collect(),
    })
}

/// Returns the names of all functions.
pub(crate) fn names() -> Vec<String> {
    let entries = catalog().functions.into_iter();
    let mut names: Vec<String> = entries.map(|entry| entry.function).collect();
    for of in resil_runtime::stats().functions {
        if !names.iter().any(|name| name == of.function) {
            names.push(of.function.to_owned());
        }
    }
    names
}

/// The calls, failures and retries of a function in one second.
type Second = [u64; 3];

/// What has come in each of the last seconds, by function: a page that is opened shows it at once.
#[derive(Debug, Default)]
pub(crate) struct History {
    was: BTreeMap<&'static str, Second>,
    seconds: BTreeMap<&'static str, VecDeque<Second>>,
}

impl History {
    pub(crate) const fn new() -> Self {
        Self {
            was: BTreeMap::new(),
            seconds: BTreeMap::new(),
        }
    }

    /// Takes in what has come since the last tick.
    pub(crate) fn tick(&mut self, functions: &[FunctionStats]) {
        for of in functions {
            let all = &of.since_start;
            let now = [all.calls, failed(all), all.retries];
            let was = self.was.insert(of.function, now);
            // Of a function that is seen for the first time it is not known when its calls came.
            let Some(was) = was else { continue };
            let seconds = self.seconds.entry(of.function).or_default();
            if seconds.len() == SECONDS {
                seconds.pop_front();
            }
            seconds.push_back([0, 1, 2].map(|i| now[i].saturating_sub(was[i])));
        }
    }

    /// Writes a member of an object: `"history":{"pay":[[12,0,1],..]},`
    pub(crate) fn member(&self) -> String {
        format!("\"history\":{},", json(&self.seconds))
    }
}
