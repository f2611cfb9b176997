//! The settings in force, and where each comes from.

use std::fmt;

use super::beside::missing;
use super::effect::{has_effect, is_strategy};
#[cfg(feature = "catalog")]
use super::names::has_option;
use super::origin::Origin;
use super::setting::{Layers, Setting, Target};
use super::settle::{settle, targets};
use super::steering::{Function, lock};
use super::written::{Kind, Written};
use crate::settings::{Given, Named, time};

/// One layer of a function, with its settings in force; or, below all layers, the faults that are injected into it,
/// whose policy is `chaos`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerInForce {
    /// The path of the function.
    pub function: &'static str,
    /// The policy, by the name of its attribute.
    pub policy: &'static str,
    /// The name that the layer gives.
    pub name: Option<&'static str>,
    /// Whether the layer is switched on.
    pub is_on: bool,
    /// Where the switch comes from: [`Origin::Attribute`] if nothing has switched the layer.
    pub switched_by: Origin,
    /// The options that have an effect. A timeout has one, whose name is empty.
    pub options: Vec<OptionInForce>,
}

impl LayerInForce {
    /// Returns whether its policy has an option that is listed under that name.
    #[cfg(feature = "catalog")]
    pub(crate) fn can_list(&self, name: &str) -> bool {
        Kind::of(self.policy).is_some_and(|kind| match name {
            STRATEGY => kind == Kind::Retry,
            name => has_option(kind, name),
        })
    }
}

/// One option of a layer, with its value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionInForce {
    /// The name, as the attribute has it.
    pub name: &'static str,
    /// The value, as the attribute has it.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
    /// The value as the catalog lists it.
    listed: String,
    /// Whether it would have another value, or none, if nothing was set from outside.
    #[cfg(feature = "catalog")]
    pub(crate) is_changed: bool,
}

/// The name under which the word for a strategy is listed.
const STRATEGY: &str = "strategy";

impl OptionInForce {
    /// Returns the name and the value as the catalog lists them: `limit` is the one of a timeout, the word
    /// for a strategy is a value, `strategy = linear`, and a table of numbers has no parentheses.
    pub fn listed(&self) -> (&str, &str) {
        let name = match self.name {
            "" => "limit",
            name if is_strategy(name) => STRATEGY,
            name => name,
        };
        (name, &self.listed)
    }
}

/// Returns the value of an option as the catalog lists it.
fn listed(name: &'static str, given: &Given, layer: &Written) -> String {
    let shown = given.shown();
    if is_strategy(name) {
        return name.to_owned();
    }
    let bare = shown.strip_prefix('(').and_then(|of| of.strip_suffix(')'));
    match (bare, layer.budget()) {
        (Some(numbers), Some(of)) => format!("name = {of:?}, {numbers}"),
        (Some(numbers), None) => numbers.to_owned(),
        (None, _) => shown,
    }
}

/// Shows the layer in one line: `app::charge retry: max = 2 (resil.toml:3), base = 100ms`.
impl fmt::Display for LayerInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.function, self.policy)?;
        if let Some(name) = self.name {
            write!(f, " `{name}`")?;
        }
        if !self.is_on {
            write!(f, ", off ({})", self.switched_by)?;
        }
        for (n, option) in self.options.iter().enumerate() {
            f.write_str(if n == 0 { ": " } else { ", " })?;
            match option.name {
                "" => f.write_str(&option.value)?,
                name => write!(f, "{name} = {}", option.value)?,
            }
            if option.origin != Origin::Attribute {
                write!(f, " ({})", option.origin)?;
            }
        }
        Ok(())
    }
}

/// Returns the layers of all functions that were called, by the paths of these, the outermost layer first.
pub(crate) fn in_force() -> Vec<LayerInForce> {
    let steering = lock();
    let layers = steering.layers();
    let mut functions: Vec<&Function> = steering.functions.iter().collect();
    functions.sort_by_key(|function| function.name);
    let all = functions.into_iter();
    all.flat_map(|function| of_function(function, &layers))
        .collect()
}

/// Returns the states of a stack that is run as a value, by its name, which settings are for too; `written` are
/// the layers that have them. Switches are for annotated functions alone.
#[cfg(feature = "catalog")]
pub(crate) fn of_stack(name: &'static str, written: &[Written]) -> Vec<LayerInForce> {
    let steering = lock();
    let mut all = of_layers(name, written, &steering.layers());
    for layer in &mut all {
        (layer.is_on, layer.switched_by) = (true, Origin::Attribute);
    }
    all
}

/// Returns what has switched off each of these policies of a function, which may not have been called yet; each
/// is a policy with the name that it gives.
#[cfg(feature = "catalog")]
pub(crate) fn switched_off(
    function: &str,
    policies: &[(&str, Option<&str>)],
) -> Vec<Option<Origin>> {
    let steering = lock();
    let layers = steering.layers().left_to(&[function]);
    let by = |(policy, name): &(&str, Option<&str>)| match layers.switch(
        function,
        Kind::of(policy)?,
        *name,
    )? {
        (false, setting) => Some(setting.origin.clone()),
        (true, _) => None,
    };
    policies.iter().map(by).collect()
}

fn of_function(function: &Function, layers: &Layers<'_>) -> Vec<LayerInForce> {
    #[allow(
        unused_mut,
        reason = "without injected faults there are its layers alone"
    )]
    let mut all = of_layers(function.name, function.instances[0], layers);
    #[cfg(feature = "chaos")]
    all.extend(injected(function, layers));
    all
}

/// Returns the faults that are injected into a function, which are below all of its layers.
#[cfg(feature = "chaos")]
fn injected(function: &Function, layers: &Layers<'_>) -> Option<LayerInForce> {
    let options = function.injected(layers).into_iter();
    let options = options.map(|(name, given, origin)| OptionInForce {
        name,
        value: given.shown(),
        origin,
        listed: given.shown(),
        #[cfg(feature = "catalog")]
        is_changed: true,
    });
    let options: Vec<OptionInForce> = options.collect();
    (!options.is_empty()).then(|| LayerInForce {
        function: function.name,
        policy: Kind::Chaos.name(),
        name: None,
        is_on: true,
        switched_by: Origin::Attribute,
        options,
    })
}

fn of_layers(
    function: &'static str,
    written: &[Written],
    layers: &Layers<'_>,
) -> Vec<LayerInForce> {
    let names = Written::names(function, written);
    let own = layers.left_to(&names);
    let (settled, _) = settle(function, written, &own);
    // A state with a name has also those that this function can't have: others share it.
    let given: Vec<&str> = names.into_iter().filter(|name| *name != function).collect();
    let of_states = layers.left_to(&given);
    let (states, _) = settle(function, written, &of_states);
    #[cfg(feature = "catalog")]
    let (unset, _) = settle(function, written, &Layers::new([&[], &[], &[]]));
    let shown = settled.layers.iter().enumerate().map(|(at, layer)| {
        let (kind, name) = (layer.kind(), layer.name());
        let (layer, layers) = match name {
            Some(_) if kind.is_named() => (&states.layers[at], &of_states),
            _ => (layer, &own),
        };
        let switch = own.switch(function, kind, name);
        let targets = targets(function, layer);
        // A function whose budget is off has no part in the numbers of the name.
        let budget = match layer {
            Written::Retry { policy, .. } if policy.budget.is_none() => None,
            layer => layer.budget().map(|name| Target::Name(name.to_owned())),
        };
        let sets = |setting: &Setting, option: &str| match (setting.kind, &budget) {
            // The numbers of a budget with a name belong to the name.
            (Some(Kind::Budget), Some(of)) => option == "budget" && setting.target == *of,
            (of, _) => {
                of == Some(kind)
                    && targets.contains(&setting.target)
                    && setting.option() == Some(option)
            }
        };
        let origin_of = |option: &str| {
            let aim = |of: &&&Setting| targets.iter().position(|target| *target == of.target);
            let best = layers.0.iter().rev().find_map(|settings| {
                let set = settings.iter().filter(|of| sets(of, option));
                set.max_by_key(aim)
            });
            best.map_or(Origin::Attribute, |setting| setting.origin.clone())
        };
        #[cfg(feature = "catalog")]
        let unset = show(&unset.layers[at]);
        let has_effect = |(name, _): &(&str, Given)| missing(layer, name).is_none();
        let shown = show(layer).into_iter().filter(has_effect);
        let options = shown.map(|(name, given)| OptionInForce {
            name,
            value: given.shown(),
            origin: origin_of(name),
            listed: listed(name, &given, layer),
            #[cfg(feature = "catalog")]
            is_changed: !unset.contains(&(name, given)),
        });
        LayerInForce {
            function,
            policy: kind.name(),
            name,
            is_on: settled.off >> at & 1 == 0,
            switched_by: switch.map_or(Origin::Attribute, |(_, by)| by.origin.clone()),
            options: options.collect(),
        }
    });
    shown.collect()
}

/// Returns the options of a layer by name.
fn show(layer: &Written) -> Vec<(&'static str, Given)> {
    match layer {
        Written::Retry {
            policy, backoff, ..
        } => {
            let mut all = write(Some(policy));
            all.retain(|(name, _)| has_effect(policy, *backoff, name));
            all
        }
        Written::Timeout { limit } => {
            let shown = |limit: &_| ("", time(*limit));
            limit.iter().map(shown).collect()
        }
        Written::Circuit { policy, .. } => write(policy.as_ref()),
        Written::Bulkhead { policy, .. } => write(policy.as_ref()),
        Written::RateLimit { policy, .. } => write(policy.as_ref()),
        #[cfg(feature = "hedge")]
        Written::Hedge { policy } => write(Some(policy)),
        #[cfg(feature = "idempotent")]
        Written::Idempotent { policy, .. } => write(Some(policy)),
        Written::Fallback { last_ok, .. } => write(last_ok.as_ref()),
    }
}

fn write<P: Named>(policy: Option<&P>) -> Vec<(&'static str, Given)> {
    policy
        .map(|policy| P::TABLE.write(policy))
        .unwrap_or_default()
}
