//! The catalog: every annotated function, run or not, and every policy that was run as a value.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "time is paused; and an item stands beside the lines that it is for"
)]

mod calls;
mod forms;
mod functions;
mod live;
#[path = "../support/mod.rs"]
mod support;
mod values;

use resil::catalog::{CatalogEntry, CatalogPolicy, Origin};

/// Returns the entry of a function of this program, by its path behind `catalog::`.
fn entry(function: &str) -> CatalogEntry {
    let name = format!("catalog::{function}");
    let entry = resil::catalog().get(&name).cloned();
    entry.unwrap_or_else(|| panic!("{name} is not in {}", resil::catalog()))
}

/// Returns the policy of that name of an entry.
fn policy<'a>(entry: &'a CatalogEntry, name: &str) -> &'a CatalogPolicy {
    let found = entry.policies.iter().find(|policy| policy.policy == name);
    found.unwrap_or_else(|| panic!("{entry:?} has no {name}"))
}

/// Returns the settings of a policy from one origin: `max = 5, base = 1s`.
fn settings(entry: &CatalogEntry, name: &str, origin: Origin) -> String {
    let all = policy(entry, name).settings.iter();
    let all = all.filter(|setting| setting.origin == origin);
    let all = all.map(|setting| format!("{} = {}", setting.option, setting.value));
    all.collect::<Vec<_>>().join(", ")
}
