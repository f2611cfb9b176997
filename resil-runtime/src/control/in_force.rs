//! The settings in force, and where each comes from.

use std::fmt;

#[cfg(feature = "catalog")]
use super::names::has_option;
use super::origin::Origin;
use super::setting::{Layers, Target};
use super::settle::settle;
use super::steering::{Function, lock};
#[cfg(feature = "catalog")]
use super::written::Kind;
use super::written::Written;
use crate::settings::{Given, Named, time};

/// One layer of a function, with its settings in force.
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
    /// Returns whether its policy has an option of that name.
    #[cfg(feature = "catalog")]
    pub(crate) fn can_have(&self, option: &str) -> bool {
        Kind::of(self.policy).is_some_and(|kind| has_option(kind, option))
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

fn of_function(function: &Function, layers: &Layers<'_>) -> Vec<LayerInForce> {
    let written = function.instances[0];
    let (settled, _) = settle(function.name, written, layers);
    let shown = settled.layers.iter().enumerate().map(|(at, layer)| {
        let (kind, name) = (layer.kind(), layer.name());
        let switch = layers.switch(function.name, kind, name);
        let mut targets = vec![Target::Function(function.name.to_owned())];
        targets.extend(name.map(|name| Target::Name(name.to_owned())));
        let origin_of = |option: &str| {
            let mut origin = Origin::Attribute;
            for setting in layers.all().filter(|s| s.kind == Some(kind)) {
                if targets.contains(&setting.target) && setting.option() == Some(option) {
                    origin = setting.origin.clone();
                }
            }
            origin
        };
        let options = show(layer).into_iter().map(|(name, given)| OptionInForce {
            name,
            value: given.shown(),
            origin: origin_of(name),
        });
        LayerInForce {
            function: function.name,
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
        Written::Retry { policy, .. } => write(Some(policy)),
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
        Written::Fallback { last_ok } => write(last_ok.as_ref()),
    }
}

fn write<P: Named>(policy: Option<&P>) -> Vec<(&'static str, Given)> {
    policy
        .map(|policy| P::TABLE.write(policy))
        .unwrap_or_default()
}
