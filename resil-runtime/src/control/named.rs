//! Settings from outside for what has a name: breakers, bulkheads, rate limits and budgets.

use std::collections::BTreeSet;

use super::apply::apply;
use super::setting::{Change, Setting, Target};
use super::steering;
use super::written::Kind;
use crate::bulkhead::BulkheadPolicy;
use crate::bulkhead::core::BulkheadCore;
use crate::circuit::CircuitPolicy;
use crate::circuit::breaker::BreakerCore;
use crate::named::Shared;
use crate::rate_limit::RateLimitPolicy;
use crate::rate_limit::limit::Limit;
use crate::retry::{BudgetPolicy, RetryPolicy, editing};
use crate::settings::Named;

/// Shows the budgets of functions with the numbers in force.
pub(super) fn begin() {
    editing::show_by(own_budget);
}

/// Puts the settings in force for these names, where they are there, and for all that come from here on.
pub(super) fn edit(names: &BTreeSet<String>) {
    let names = || names.iter().map(String::as_str);
    BreakerCore::names().edit(names(), circuit);
    BulkheadCore::names().edit(names(), bulkhead);
    Limit::names().edit(names(), rate_limit);
    editing::edit(names(), budget_numbers);
}

/// Returns whether a setting is for the numbers of a breaker, a bulkhead or a rate limit that there is, whoever
/// has made it: a stack that is run as a value gives its name too.
pub(super) fn is_for_a_state(setting: &Setting) -> bool {
    let (Target::Name(name), Change::Option(..)) = (&setting.target, &setting.change) else {
        return false;
    };
    match setting.kind {
        Some(Kind::Circuit) => BreakerCore::names().find(name).is_some(),
        Some(Kind::Bulkhead) => BulkheadCore::names().find(name).is_some(),
        Some(Kind::RateLimit) => Limit::names().find(name).is_some(),
        _ => false,
    }
}

fn circuit(name: &str, written: Option<&CircuitPolicy>) -> Option<CircuitPolicy> {
    in_force(name, Kind::Circuit, written)
}

fn bulkhead(name: &str, written: Option<&BulkheadPolicy>) -> Option<BulkheadPolicy> {
    in_force(name, Kind::Bulkhead, written)
}

fn rate_limit(name: &str, written: Option<&RateLimitPolicy>) -> Option<RateLimitPolicy> {
    in_force(name, Kind::RateLimit, written)
}

/// Returns the settings in force for a name; `None` if those hold that were written.
fn in_force<P: Named>(name: &str, kind: Kind, written: Option<&P>) -> Option<P> {
    let steering = steering::lock();
    let layers = steering.layers();
    // The state of a function without a name is called as the function is.
    let targets = [
        Target::Name(name.to_owned()),
        Target::Function(name.to_owned()),
    ];
    let mut is_set = targets.iter().map(|of| layers.options(of, kind).count());
    if is_set.all(|count| count == 0) {
        return None;
    }
    let written = written.copied().unwrap_or(P::BASE);
    Some(apply(written, (&targets, kind), &layers, &mut Vec::new()))
}

fn own_budget(function: &str, written: Option<BudgetPolicy>) -> Option<BudgetPolicy> {
    let steering = steering::lock();
    let (layers, target) = (steering.layers(), Target::Function(function.to_owned()));
    let is_set = layers.options(&target, Kind::Retry).next().is_some();
    // Stacks have names too.
    if !is_set || steering.functions.iter().all(|of| of.name != function) {
        return written;
    }
    let written = match written {
        Some(numbers) => RetryPolicy::new().budget(numbers),
        None => RetryPolicy::new().no_budget(),
    };
    let of = (std::slice::from_ref(&target), Kind::Retry);
    apply(written, of, &layers, &mut Vec::new()).budget
}

fn budget_numbers(name: &str, written: BudgetPolicy) -> Option<BudgetPolicy> {
    let steering = steering::lock();
    let layers = steering.layers();
    let target = Target::Name(name.to_owned());
    layers.options(&target, Kind::Budget).next()?;
    let of = (std::slice::from_ref(&target), Kind::Budget);
    Some(apply(written, of, &layers, &mut Vec::new()))
}
