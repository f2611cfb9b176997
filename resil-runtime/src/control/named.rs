//! Settings from outside for what has a name: breakers, bulkheads, rate limits and budgets.

use std::collections::BTreeSet;

use super::apply::apply;
use super::file;
use super::origin::ControlFault;
use super::setting::{Change, Layers, Setting, Target};
use super::states;
use super::steering;
use super::tell::tell;
use super::written::Kind;
use crate::bulkhead::BulkheadPolicy;
use crate::bulkhead::core::BulkheadCore;
use crate::circuit::CircuitPolicy;
use crate::circuit::breaker::BreakerCore;
use crate::named::{Called, Edited, Shared};
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
    let is_for = |of: Called| names.contains(of.name) || names.contains(of.function);
    BreakerCore::names().edit(is_for, circuit);
    BulkheadCore::names().edit(is_for, bulkhead);
    Limit::names().edit(is_for, rate_limit);
    editing::edit(names.iter().map(String::as_str), budget_numbers);
}

/// Returns whether a setting is for the numbers of a breaker, a bulkhead or a rate limit that there is, whoever
/// has made it: a stack that is run as a value gives its name too.
pub(super) fn is_for_a_state(setting: &Setting) -> bool {
    let (Target::Name(name) | Target::Function(name)) = &setting.target else {
        return false;
    };
    if !matches!(setting.change, Change::Option(..)) {
        return false;
    }
    setting
        .kind
        .is_some_and(|kind| states::is_there(kind, name))
}

fn circuit(of: Called, written: Option<&CircuitPolicy>) -> Edited<CircuitPolicy> {
    in_force(of, Kind::Circuit, written)
}

fn bulkhead(of: Called, written: Option<&BulkheadPolicy>) -> Edited<BulkheadPolicy> {
    in_force(of, Kind::Bulkhead, written)
}

fn rate_limit(of: Called, written: Option<&RateLimitPolicy>) -> Edited<RateLimitPolicy> {
    in_force(of, Kind::RateLimit, written)
}

/// Returns the settings in force for a state. Those that it can't have are left out, and told then.
fn in_force<P: Named>(called: Called, kind: Kind, written: Option<&P>) -> Edited<P> {
    let mut steering = steering::lock();
    let mut faults = steering.know(kind, called);
    let stale = std::mem::take(&mut steering.stale);
    let targets = states::targets_of(called.name, called.function);
    let takes = |setting: &Setting| {
        let is_for = setting.kind == Some(kind) && targets.contains(&setting.target);
        is_for && setting.option().is_some()
    };
    let policy = loop {
        let mut found = Vec::new();
        let layers = steering.layers();
        let layers = layers.left_to(&[called.name, called.function]);
        let policy = of_layers((&targets, kind), written, &layers, &mut found);
        let is_whole = found.is_empty() || written.is_none();
        if is_whole || !steering.leave_out(&found, called.name, takes) {
            break policy;
        }
        faults.extend(steering.note(file::spelled(found)));
    };
    let then = move || {
        if !stale.is_empty() {
            edit(&stale);
        }
        tell(&faults);
    };
    Edited {
        policy,
        then: Box::new(then),
    }
}

fn of_layers<P: Named>(
    of: (&[Target], Kind),
    written: Option<&P>,
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) -> Option<P> {
    let (targets, kind) = of;
    let mut is_set = targets.iter().map(|of| layers.options(of, kind).count());
    if is_set.all(|count| count == 0) {
        return None;
    }
    let written = written.copied().unwrap_or(P::BASE);
    Some(states::set(written, of, layers, faults))
}

fn own_budget(function: &str, written: Option<BudgetPolicy>) -> Option<BudgetPolicy> {
    let steering = steering::lock();
    let layers = steering.layers().left_to(&[function]);
    let target = Target::Function(function.to_owned());
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
    let layers = steering.layers().left_to(&[name]);
    let target = Target::Name(name.to_owned());
    layers.options(&target, Kind::Budget).next()?;
    let of = (std::slice::from_ref(&target), Kind::Budget);
    Some(apply(written, of, &layers, &mut Vec::new()))
}
