//! What a file, the environment or a hand has changed since the attributes were written.

use std::collections::HashMap;

use super::entry::{CatalogEntry, CatalogKind, CatalogPolicy, CatalogSetting, Origin};
use crate::control::Origin as Place;
use crate::control::in_force::{LayerInForce, OptionInForce, in_force, of_stack, switched_off};
use crate::control::written::{Kind, Written};
use crate::stack::Layer;

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
            if entry.kind == CatalogKind::Function {
                switch(entry);
            }
            return;
        };
        let injected = layers.iter().find(|layer| layer.policy == CHAOS);
        entry.injected = injected.map(settings).unwrap_or_default();
        for (policy, layer) in entry.policies.iter_mut().zip(layers) {
            if policy.policy == layer.policy {
                apply_layer(policy, layer);
            }
        }
    }
}

/// The name under which the faults stand that are injected into a function.
const CHAOS: &str = Kind::Chaos.name();

/// Returns the options of a layer that the program has not written.
fn settings(layer: &LayerInForce) -> Vec<CatalogSetting> {
    let mut settings = Vec::new();
    for option in &layer.options {
        put(&mut settings, option);
    }
    settings
}

/// Puts into `entry` what is switched off of a function that was not called yet: what else is set for it, nobody
/// knows before.
fn switch(entry: &mut CatalogEntry) {
    let name = |policy: &CatalogPolicy| {
        let mut settings = policy.settings.iter();
        let name = settings.find(|setting| setting.option == "name")?;
        Some(name.value.trim_matches('"').to_owned())
    };
    let names: Vec<Option<String>> = entry.policies.iter().map(name).collect();
    let policies = entry.policies.iter().zip(&names);
    let policies = policies.map(|(of, name)| (&*of.policy, name.as_deref()));
    let policies: Vec<_> = policies.collect();
    let switched = switched_off(&entry.function, &policies);
    for (policy, by) in entry.policies.iter_mut().zip(switched) {
        policy.switched_off_by = by.as_ref().map(of);
    }
}

/// Puts into the `policies` of a stack that is run as a value, or of a policy by itself, what is set for its name:
/// the numbers of a breaker, a bulkhead and a rate limit. Its other settings are values of the program.
pub(super) fn apply_name(name: &'static str, layers: &[Layer], policies: &mut [CatalogPolicy]) {
    let named = layers.iter().filter_map(|layer| match *layer {
        Layer::Circuit(policy) => Some(Written::Circuit {
            name: Some(name),
            policy: Some(policy),
            key: false,
        }),
        Layer::Bulkhead(policy) => Some(Written::Bulkhead {
            name: Some(name),
            policy: Some(policy),
            key: false,
        }),
        Layer::RateLimit(policy) => Some(Written::RateLimit {
            name: Some(name),
            policy: Some(policy),
            key: false,
            store: false,
        }),
        _ => None,
    });
    let named: Vec<Written> = named.collect();
    if named.is_empty() {
        return;
    }
    for layer in of_stack(name, &named) {
        let mut of = policies.iter_mut();
        if let Some(policy) = of.find(|of| of.policy == layer.policy) {
            apply_layer(policy, &layer);
        }
    }
}

fn apply_layer(policy: &mut CatalogPolicy, layer: &LayerInForce) {
    if !layer.is_on {
        policy.switched_off_by = Some(of(&layer.switched_by));
    }
    let is_set = |option: &OptionInForce| option.origin != Place::Attribute;
    if !layer.options.iter().any(is_set) {
        return;
    }
    for option in &layer.options {
        if is_set(option) || option.is_changed {
            put(&mut policy.settings, option);
        }
    }
    let in_force: Vec<&str> = layer.options.iter().map(|o| o.listed().0).collect();
    // What a change has left without an effect goes: the factor, once the delays are linear.
    let has_effect = |name: &str| in_force.contains(&name) || !layer.can_list(name);
    policy.settings.retain(|s| has_effect(&s.option));
}

/// Puts a setting in the place of the one of its name, or behind all others. One that is not set itself, and
/// that another one has brought into force or moved, such as the base once the delays grow, is a default.
fn put(settings: &mut Vec<CatalogSetting>, option: &OptionInForce) {
    let (name, value) = option.listed();
    let value = value.to_owned();
    let origin = match &option.origin {
        Place::Attribute => None,
        place => Some(of(place)),
    };
    let of_policy = settings.iter().find(|setting| setting.option == "policy");
    let unset = of_policy.map_or(Origin::Default, |policy| policy.origin);
    match settings.iter_mut().find(|setting| setting.option == name) {
        Some(setting) => {
            setting.value = value;
            setting.origin = origin.unwrap_or(setting.origin);
        }
        None => settings.push(CatalogSetting {
            option: name.to_owned(),
            value,
            origin: origin.unwrap_or(unset),
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
