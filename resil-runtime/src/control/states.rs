//! The states that settings from outside are for: breakers, bulkheads and rate limits, whoever has made them.

use std::collections::BTreeSet;

use super::apply::apply;
use super::origin::ControlFault;
use super::setting::{Layers, Target};
use super::written::Kind;
use crate::bulkhead::core::BulkheadCore;
use crate::circuit::breaker::BreakerCore;
use crate::named::{Called, Shared};
use crate::rate_limit::limit::Limit;
use crate::settings;
use crate::stack::given;

/// Returns what all states are called, in no order.
pub(super) fn all() -> Vec<(Kind, Called)> {
    let circuits = BreakerCore::names().called().into_iter();
    let bulkheads = BulkheadCore::names().called().into_iter();
    let limits = Limit::names().called().into_iter();
    let circuits = circuits.map(|of| (Kind::Circuit, of));
    let bulkheads = bulkheads.map(|of| (Kind::Bulkhead, of));
    let limits = limits.map(|of| (Kind::RateLimit, of));
    circuits.chain(bulkheads).chain(limits).collect()
}

/// Returns whether there is a state of that kind and name.
pub(super) fn is_there(kind: Kind, name: &str) -> bool {
    has_keys(kind, name).is_some()
}

/// Returns whether the state of that kind and name has had keys; `None` if there is no such state.
pub(super) fn has_keys(kind: Kind, name: &str) -> Option<bool> {
    match kind {
        Kind::Circuit => BreakerCore::names()
            .find(name)
            .map(|of| of.known_keys().is_some()),
        Kind::Bulkhead => BulkheadCore::names()
            .find(name)
            .map(|of| of.known_keys().is_some()),
        Kind::RateLimit => Limit::names()
            .find(name)
            .map(|of| of.known_keys().is_some()),
        _ => None,
    }
}

/// Returns the faults that settings have in the states which are called by one of these names.
pub(super) fn faults(names: &BTreeSet<String>, layers: &Layers<'_>) -> Vec<ControlFault> {
    let mut faults = Vec::new();
    faults_of::<BreakerCore>(Kind::Circuit, names, layers, &mut faults);
    faults_of::<BulkheadCore>(Kind::Bulkhead, names, layers, &mut faults);
    faults_of::<Limit>(Kind::RateLimit, names, layers, &mut faults);
    faults
}

fn faults_of<T: Shared>(
    kind: Kind,
    names: &BTreeSet<String>,
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) where
    T::Policy: settings::Named,
{
    for (of, written) in T::names().written() {
        if names.contains(of.name) || names.contains(of.function) {
            let targets = targets_of(of.name, of.function);
            let layers = layers.left_to(&[of.name, of.function]);
            set(written, (&targets, kind), &layers, faults);
        }
    }
}

/// Sets the options that are given for a state, whose settings are `written`. What breaks a rule is noted in
/// `faults`.
pub(super) fn set<P: settings::Named>(
    written: P,
    of: (&[Target], Kind),
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) -> P {
    let policy = apply(written, of, layers, faults);
    let is_kept = |policy: P| match policy.layer() {
        Some(layer) => given::check(&[layer]).map_err(|(_, message)| message),
        None => Ok(()),
    };
    if faults.is_empty()
        && is_kept(written).is_ok()
        && let Err(message) = is_kept(policy)
    {
        let set = layers.aimed(of.0, of.1);
        let last = set.iter().flatten().next_back();
        faults.extend(last.map(|setting| setting.fault(message)));
    }
    policy
}

/// Returns the targets whose options the state called `name` takes. Where it belongs to no function, as that of a
/// stack, or is called as its function is, that name is in both.
pub(super) fn targets(name: &str) -> [Target; 2] {
    targets_of(name, name)
}

/// Returns the targets whose options a state takes that belongs to `function`: those for all of its states, and
/// those for this one.
pub(super) fn targets_of(name: &str, function: &str) -> [Target; 2] {
    [
        Target::Function(function.to_owned()),
        Target::Name(name.to_owned()),
    ]
}
