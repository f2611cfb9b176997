//! What a file, the environment or a hand has changed since the attributes were written.

use std::collections::HashMap;

use resil_language::table::Kind;
use resil_language::tables::retry;

use super::entry::{CatalogEntry, CatalogPolicy, CatalogSetting, Origin};
use crate::control::Origin as Place;
use crate::control::in_force::{LayerInForce, OptionInForce, in_force};

/// The layers of the functions that were called, with what is in force of them.
pub(super) struct Steered(HashMap<&'static str, Vec<LayerInForce>>);

impl Steered {
    /// Reads what is in force now.
    pub(super) fn now() -> Self {
        let mut functions: HashMap<&'static str, Vec<LayerInForce>> = HashMap::new();
        for layer in in_force() {
            functions.entry(layer.function).or_default().push(layer);
        }
        Self(functions)
    }

    /// Puts into `entry` what differs from its attributes. Its layers are those of the control, in the same
    /// order, once the function was called.
    pub(super) fn apply(&self, entry: &mut CatalogEntry) {
        let Some(layers) = self.0.get(&*entry.function) else {
            return;
        };
        for (policy, layer) in entry.policies.iter_mut().zip(layers) {
            if policy.policy == layer.policy {
                apply_layer(policy, layer);
            }
        }
    }
}

fn apply_layer(policy: &mut CatalogPolicy, layer: &LayerInForce) {
    if !layer.is_on {
        policy.switched_off_by = Some(of(&layer.switched_by));
    }
    for option in &layer.options {
        if option.origin != Place::Attribute {
            put(&mut policy.settings, option);
        }
    }
    if layer.options.iter().any(|o| o.origin != Place::Attribute) {
        let in_force: Vec<&str> = layer.options.iter().map(|o| shown(o).0).collect();
        // What a change has left without an effect goes: the factor, once the delays are linear.
        let has_effect = |name: &str| in_force.contains(&name) || !layer.can_have(name);
        policy.settings.retain(|s| has_effect(&s.option));
    }
}

/// Returns the name and the value of an option as the catalog has them.
fn shown(option: &OptionInForce) -> (&str, &str) {
    match option.name {
        // The control has no name for the one value of a timeout.
        "" => ("limit", &option.value),
        strategy if is_strategy(strategy) => ("strategy", strategy),
        name => (name, &option.value),
    }
}

/// Returns whether an option is a word for the strategy of a retry.
fn is_strategy(option: &str) -> bool {
    let option = retry::SPEC.option(option);
    option.is_some_and(|option| option.kind == Kind::Strategy)
}

/// Puts a setting in the place of the one of its name, or behind all others.
fn put(settings: &mut Vec<CatalogSetting>, option: &OptionInForce) {
    let (name, value) = shown(option);
    let value = value.to_owned();
    let origin = of(&option.origin);
    match settings.iter_mut().find(|setting| setting.option == name) {
        Some(setting) => (setting.value, setting.origin) = (value, origin),
        None => settings.push(CatalogSetting {
            option: name.to_owned(),
            value,
            origin,
        }),
    }
}

fn of(place: &Place) -> Origin {
    match place {
        Place::Attribute => Origin::Attribute,
        Place::File { .. } => Origin::File,
        Place::Environment { .. } => Origin::Environment,
        Place::Hand => Origin::ByHand,
    }
}
