//! The catalog as a text that people read.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use super::entry::{Catalog, CatalogEntry, CatalogKind, CatalogPolicy, CatalogSetting, Origin};
use super::live::{
    LiveBulkhead, LiveCircuit, LiveHedgeBudget, LiveRateLimit, LiveRetryBudget, LiveState,
};
use crate::circuit::CircuitState;
use resil_language::duration::show;
use resil_language::plural::counted;

/// Writes a paragraph for each function and each value: what it is, its policies with their live state, the
/// worst case, and who was seen to call it.
///
/// ```text
/// 2 functions, 1 not called yet
///
/// app::charge  src/charge.rs:12
///   circuit      pay: opens for at least 30s after 5 failures in a row
///                closed, 2 failures in a row
///   retry        up to 3 runs; exponential waits from 100ms, at most 20s, with full jitter
///                budget: 490 of 500 tokens
///   timeout      1s
///   worst case   3 attempts and about 3.3s in all (43s where the failed side asks for longer waits)
///   called by    app::checkout
///
/// app::refund  src/refund.rs:7  not called yet
///   timeout      5s
///   worst case   one attempt and about 5s in all
/// ```
impl Display for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for call in &self.calls {
            callers.entry(&call.callee).or_default().push(&call.caller);
        }
        summary(self, f)?;
        for entry in &self.functions {
            f.write_str("\n\n")?;
            write_plain(f, &Heading(entry).to_string())?;
            f.write_str("\n")?;
            for policy in &entry.policies {
                write_policy(policy, &entry.function, f)?;
            }
            write_injected(&entry.injected, f)?;
            let words = &entry.worst_case.words;
            let words = words.strip_prefix("At worst ").unwrap_or(words);
            write!(f, "{}", Line("worst case", words.trim_end_matches('.')))?;
            if let Some(callers) = callers.get(&*entry.function) {
                write!(f, "\n{}", Line("called by", &callers.join(", ")))?;
            }
        }
        if self.calls_left_out {
            f.write_str("\n\nSome callers are left out: only 64 of a function are kept.")?;
        }
        Ok(())
    }
}

fn summary(catalog: &Catalog, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = |kind| {
        catalog
            .functions
            .iter()
            .filter(move |of| of.kind == kind)
            .count()
    };
    let functions = count(CatalogKind::Function);
    let values = catalog.functions.len() - functions;
    let plural = |n| if n == 1 { "" } else { "s" };
    write!(f, "{functions} function{}", plural(functions))?;
    if values > 0 {
        write!(f, " and {values} value{}", plural(values))?;
    }
    match catalog.functions.iter().filter(|of| !of.has_run).count() {
        0 => Ok(()),
        n => write!(f, ", {n} not called yet"),
    }
}

/// The name of an entry, and what else there is to say of it.
struct Heading<'a>(&'a CatalogEntry);

impl Display for Heading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.0;
        f.write_str(&entry.function)?;
        if let (CatalogKind::Function, Some(file), Some(line)) =
            (entry.kind, &entry.file, entry.line)
        {
            write!(f, "  {file}:{line}")?;
        }
        match entry.kind {
            CatalogKind::Function => {}
            CatalogKind::Stack => f.write_str("  stack")?,
            CatalogKind::Policy => f.write_str("  policy by itself")?,
        }
        if let Some(stack) = &entry.shared_stack {
            write!(f, "  applies {stack}")?;
        }
        match entry.in_flight {
            _ if !entry.has_run => f.write_str("  not called yet"),
            None | Some(0) => Ok(()),
            Some(calls) => write!(f, "  {calls} in flight"),
        }
    }
}

/// Writes text from the program, or a key from outside, so that it stays on its line and is nothing to a
/// terminal: control characters are written as `\u{1b}`.
fn write_plain(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for part in text.split_inclusive(char::is_control) {
        match part.char_indices().next_back() {
            Some((at, control)) if control.is_control() => {
                write!(f, "{}{}", &part[..at], control.escape_unicode())?;
            }
            _ => f.write_str(part)?,
        }
    }
    Ok(())
}

/// A line of an entry: a word in the margin, and a text.
struct Line<'a>(&'a str, &'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(margin, text) = self;
        write_plain(f, &format!("  {margin:<12} {text}"))
    }
}

fn write_policy(policy: &CatalogPolicy, function: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{}",
        Line(&policy.policy.replace('_', " "), &policy.words)
    )?;
    if let Some(origin) = policy.switched_off_by {
        writeln!(f, "{}", Line("", &format!("switched off {}", by(origin))))?;
    }
    for setting in &policy.settings {
        if setting.origin > Origin::Value {
            writeln!(f, "{}", Line("", &set(setting)))?;
        }
    }
    for live in &policy.live {
        let text = live.to_string();
        // The name that the lines above have told.
        let told = text
            .split_once(": ")
            .filter(|(name, _)| *name == function || policy.words.split(':').next() == Some(name));
        writeln!(f, "{}", Line("", told.map_or(&*text, |(_, state)| state)))?;
    }
    Ok(())
}

fn write_injected(injected: &[CatalogSetting], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if injected.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = injected.iter().map(set).collect();
    writeln!(f, "{}", Line("injected", &all.join(", ")))
}

/// Returns a setting with where it comes from, if it is not a default.
fn set(setting: &CatalogSetting) -> String {
    let text = format!("{} = {}", setting.option, setting.value);
    match setting.origin {
        Origin::Default => text,
        origin => format!("{text} {}", by(origin)),
    }
}

fn by(origin: Origin) -> &'static str {
    match origin {
        Origin::Default | Origin::Attribute | Origin::Value => "by the program",
        Origin::File => "by a file",
        Origin::Environment => "by the environment",
        Origin::ByHand => "by hand",
    }
}

impl Display for LiveState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Circuit(of) => of.fmt(f),
            Self::Bulkhead(of) => of.fmt(f),
            Self::RateLimit(of) => of.fmt(f),
            Self::RetryBudget(of) => of.fmt(f),
            Self::HedgeBudget(of) => of.fmt(f),
        }
    }
}

/// Writes the name, and the key where there is one: `pay`, `pay[eu]`.
fn write_name(f: &mut fmt::Formatter<'_>, name: &str, key: Option<&String>) -> fmt::Result {
    f.write_str(name)?;
    match key {
        Some(key) => write!(f, "[{key}]"),
        None => Ok(()),
    }
}

fn write_keys(f: &mut fmt::Formatter<'_>, keys: Option<usize>) -> fmt::Result {
    match keys {
        None | Some(0) => Ok(()),
        Some(1) => f.write_str(", 1 key"),
        Some(keys) => write!(f, ", {keys} keys"),
    }
}

impl Display for LiveCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &self.name, self.key.as_ref())?;
        let state = match self.state {
            CircuitState::Closed => "closed",
            CircuitState::Open => "open",
            CircuitState::HalfOpen => "half-open",
            CircuitState::ForcedOpen => "forced open",
            CircuitState::Disabled => "disabled",
        };
        write!(f, ": {state}")?;
        if let Some(next) = self.next_probe {
            write!(f, ", next probe in {}", show(next))?;
        }
        if self.calls > u64::from(self.failures_in_a_row) {
            write!(
                f,
                ", {} of {} failed",
                self.failures,
                counted(self.calls, "call", "calls")
            )?;
        }
        if self.slow > 0 {
            write!(f, ", {} slow", self.slow)?;
        }
        match self.failures_in_a_row {
            0 => {}
            1 => f.write_str(", the last one failed")?,
            n => write!(f, ", {n} failures in a row")?,
        }
        if self.state == CircuitState::HalfOpen {
            let out = counted(self.probes_out, "probe", "probes");
            write!(f, ", {out} out, {} succeeded", self.probes_succeeded)?;
        }
        write_keys(f, self.keys)
    }
}

impl Display for LiveBulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &self.name, self.key.as_ref())?;
        write!(f, ": {} of {} inside", self.used, self.limit)?;
        if self.queued > 0 {
            write!(f, ", {} queued", self.queued)?;
        }
        write_keys(f, self.keys)
    }
}

impl Display for LiveRateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(f, &self.name, self.key.as_ref())?;
        match (self.available, self.burst) {
            (Some(available), Some(burst)) => {
                write!(
                    f,
                    ": {available} of {} left",
                    counted(burst, "call", "calls")
                )?;
            }
            _ => f.write_str(": not limited yet")?,
        }
        if let Some(next) = self.next_in {
            write!(f, ", the next in {}", show(next))?;
        }
        write_keys(f, self.keys)
    }
}

impl Display for LiveRetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("budget")?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        let capacity = counted(self.capacity, "token", "tokens");
        write!(f, ": {} of {capacity}", self.tokens)
    }
}

impl Display for LiveHedgeBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "budget: {} of {}",
            self.copies,
            counted(self.capacity, "further copy", "further copies")
        )
    }
}
