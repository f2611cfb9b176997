//! The functions, their counts and their rates.

use std::collections::{BTreeMap, VecDeque};

use resil_runtime::{CallStats, FunctionStats};
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
}

#[derive(Serialize)]
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

/// Returns a function as a row.
pub(crate) fn row(of: &FunctionStats) -> Row {
    let (minute, all) = (&of.last_minute, &of.since_start);
    let ms = |time: std::time::Duration| 1_000.0 * time.as_secs_f64();
    let function = Function {
        id: of.function,
        name: of.function,
        in_flight: of.in_flight,
        calls: all.calls,
        failed: failed(all),
        retries: all.retries,
        minute: Minute {
            calls: minute.calls,
            failed: failed(minute),
            p50_ms: ms(minute.p50),
            p99_ms: ms(minute.p99),
        },
    };
    Row {
        id: of.function.to_owned(),
        json: json(&function),
    }
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
