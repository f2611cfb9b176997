//! The catalog as users read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::live::LiveState;
use super::millis;

/// The annotated functions of the program and the policies that were run as values, as they stand now, and
/// who calls whom: [`catalog()`](super::catalog()) returns it.
///
/// `Display` writes it as a text, [`to_mermaid`](Self::to_mermaid) as a graph. With serde the names of the
/// fields are those below, and stay: fields may be added, none is renamed. Times are whole numbers of
/// milliseconds, rounded up, in fields that end in `_ms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Catalog {
    /// The functions, ordered by file and line, and behind them the values, ordered by name.
    pub functions: Vec<CatalogEntry>,
    /// The calls from one of them to another that were seen, ordered by caller and then by callee.
    pub calls: Vec<CatalogCall>,
    /// Whether a function has more callers than are kept (64): then `calls` lacks some.
    pub calls_left_out: bool,
}

/// One annotated function, or one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogEntry {
    /// The name, as events and statistics show it: module path and name of the function, with `:line` where
    /// two would read the same; the name of a [`Stack`](crate::Stack); the place of a policy that is run by
    /// itself, `src/pay.rs:12:5`.
    pub function: String,
    /// Whether it is a function or a value.
    pub kind: CatalogKind,
    /// The source file, as the compiler names it; `None` for a `Stack`.
    pub file: Option<String>,
    /// The line in that file.
    pub line: Option<u32>,
    /// The shared stack that was applied to the function (`#[resil::apply(PAY)]`).
    pub shared_stack: Option<String>,
    /// Whether it was called since the program began.
    pub has_run: bool,
    /// The calls in flight. `None` without the feature `shutdown`, which counts them.
    pub in_flight: Option<u64>,
    /// The policies, outermost first.
    pub policies: Vec<CatalogPolicy>,
    /// The sentence that says what decides whether an error is retried, and is a failure of the circuit;
    /// `None` where patterns alone decide, and for values.
    pub decided: Option<String>,
    /// The faults that are injected into the function, below all policies: each option that has an effect. Empty
    /// if there are none, before the first call, and without the feature `chaos`.
    #[serde(default)]
    pub injected: Vec<CatalogSetting>,
    /// The worst case.
    pub worst_case: WorstCase,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatalogKind {
    /// An annotated function. It is listed whether it was called or not.
    Function,
    /// A [`Stack`](crate::Stack), by its name. It is listed once it was run.
    Stack,
    /// A policy that is run by itself, by the place in the source. It is listed once it was run.
    Policy,
}

/// One policy of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogPolicy {
    /// The name of its attribute: `retry`, `rate_limit`.
    pub policy: String,
    /// What it does, in the words of the section `# Resilience` of the function's docs.
    pub words: String,
    /// The settings in force.
    pub settings: Vec<CatalogSetting>,
    /// What has switched the policy off while the program runs, if anything has: the code inside it runs
    /// as if it were not there.
    #[serde(default)]
    pub switched_off_by: Option<Origin>,
    /// The live state, if there is any: of the name, or of the function, and of those keys that are not
    /// as usual. Empty before the first call makes it.
    pub live: Vec<LiveState>,
}

/// One setting of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogSetting {
    /// The name of the option; `limit` for that of `#[timeout(5s)]`, `value` for the expression of a
    /// `#[fallback]`, `strategy` for the word that names one.
    pub option: String,
    /// The value as an attribute writes it: `5s`, `50%`, `MAX_TRIES`.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a setting comes from. A later one in this list replaces an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The default of the option, which is not written.
    Default,
    /// The attribute of the function, or the shared stack that it applies.
    Attribute,
    /// The value that the program has built.
    Value,
    /// A file of settings.
    File,
    /// A variable of the environment.
    Environment,
    /// A change by hand while the program runs.
    ByHand,
}

/// The worst case of one call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorstCase {
    /// The attempts, copies of a hedge included; `None` if no number is known.
    pub attempts: Option<u64>,
    /// The time of all attempts and of the policies' own delays. `None` if it is not known, or if a call
    /// may wait for something that has no limit of its own.
    #[serde(rename = "time_ms", with = "millis")]
    pub time: Option<Duration>,
    /// The same where the failed side asks for the longest delays that it is granted.
    #[serde(rename = "time_if_asked_ms", with = "millis")]
    pub time_if_asked: Option<Duration>,
    /// The sentence of the section `# Resilience`.
    pub words: String,
}

/// A call from one entry to another that was seen: an attempt of `caller` was being polled when a call of
/// `callee` began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogCall {
    /// The [`function`](CatalogEntry::function) that calls.
    pub caller: String,
    /// The [`function`](CatalogEntry::function) that is called. It may be the same: recursion.
    pub callee: String,
}

impl Catalog {
    /// Returns the entry of that [name](CatalogEntry::function).
    pub fn get(&self, function: &str) -> Option<&CatalogEntry> {
        self.functions.iter().find(|of| of.function == function)
    }
}
