//! The settings in force for one function: those that its attributes have written, with those from outside
//! on top, checked by the rules of the attributes.

use super::apply::{apply, limits};
use super::beside::missing;
use super::effect::makes_delays;
use super::environment::in_full;
use super::origin::{ControlFault, Origin, help, no_effect};
use super::setting::{Change, Layers, Setting, Target};
use super::states;
use super::written::{Kind, Written};
use crate::bulkhead::core::BulkheadCore;
use crate::circuit::breaker::BreakerCore;
use crate::named::Shared;
use crate::rate_limit::limit::Limit;
use crate::retry::{BudgetAsWritten, editing};
use crate::settings::{Given, Named};
use crate::stack::{Layer, given};
use crate::timeout::TimeoutPolicy;

/// The settings in force for one function.
#[derive(Debug)]
pub(super) struct Settled {
    /// The layers, also of those that are switched off.
    pub(super) layers: Vec<Written>,
    pub(super) off: u32,
    /// Whether anything is set from outside.
    pub(super) is_changed: bool,
}

/// Returns the settings in force for `function`, whose attributes have `written` these layers, and the
/// settings that can't be.
pub(super) fn settle(
    function: &str,
    written: &[Written],
    layers: &Layers<'_>,
) -> (Settled, Vec<ControlFault>) {
    let mut faults = Vec::new();
    let target = Target::Function(function.to_owned());
    for setting in layers.all().filter(|setting| setting.target == target) {
        faults.extend(misplaced(function, written, setting));
    }
    let mut settled = Settled {
        layers: written.to_vec(),
        off: 0,
        is_changed: false,
    };
    for layer in written.iter().filter(|layer| layer.name().is_none()) {
        // A state without a name is called as its function is.
        let of = (&Target::Name(function.to_owned()), layer.kind());
        for (option, _, setting) in layers.options(of.0, of.1) {
            faults.extend(missing(layer, option).map(|message| setting.fault(message)));
        }
    }
    set_limits(&target, &mut settled.layers, layers, &mut faults);
    for (at, (layer, as_written)) in settled.layers.iter_mut().zip(written).enumerate() {
        let kind = layer.kind();
        set(function, layer, layers, &mut faults);
        let switch = layers.switch(function, kind, as_written.name());
        if let Some((false, _)) = switch {
            settled.off |= 1 << at;
        }
        let is_set = |of: &Target, kind| layers.options(of, kind).next().is_some();
        let mut targets = targets(function, as_written).into_iter();
        let has_options = targets.any(|of| is_set(&of, kind));
        let budget = as_written.budget();
        let pays = budget.is_some_and(|name| is_set(&Target::Name(name.to_owned()), Kind::Budget));
        settled.is_changed |= has_options || pays || matches!(switch, Some((false, _)));
    }
    if settled.is_changed && faults.is_empty() {
        faults.extend(broken_rule(function, written, &settled, layers));
    }
    (settled, faults)
}

/// Returns the fault of a setting that is for no layer of the function, or for one that belongs to a name.
fn misplaced(function: &str, written: &[Written], setting: &Setting) -> Option<ControlFault> {
    let kind = setting.kind.filter(|kind| *kind != Kind::Chaos)?;
    let Some(layer) = written.iter().find(|layer| layer.kind() == kind) else {
        let (message, name) = (
            format!("`{function}` has no `{}`", kind.name()),
            kind.name(),
        );
        let mut kinds: Vec<&str> = written.iter().map(|layer| layer.kind().name()).collect();
        kinds.dedup();
        let has = kinds.join("`, `");
        let instead = match kind {
            Kind::Budget => format!(
                "write `budget` in `[{}.retry]`, or the numbers of a budget in `[name.<name>.{name}]`",
                setting.target
            ),
            _ => format!("it has `{has}`"),
        };
        return Some(setting.fault(help(message, instead)));
    };
    let Change::Option(option, given) = &setting.change else {
        return None;
    };
    if let Some(message) = without_effect(layer, option, given) {
        return Some(setting.fault(message));
    }
    let is_budget = option == "budget" && given.shown() != "off";
    let (what, kind, name) = match layer.budget().filter(|_| is_budget) {
        Some(name) => ("budget".to_owned(), Kind::Budget, name),
        None => (
            format!("`{}`", kind.name()),
            kind,
            layer.name().filter(|_| kind.is_named())?,
        ),
    };
    let of = Target::Name(name.to_owned());
    let instead = match &setting.origin {
        Origin::Environment { .. } if !is_budget => {
            let variable = in_full(&of, kind, option);
            format!("write `{variable}={}`", given.shown())
        }
        _ => format!("write `[{of}.{}]`", kind.name()),
    };
    Some(setting.fault(help(
        format!("the {what} of `{function}` is `{name}`, which others may share"),
        instead,
    )))
}

/// Returns what is wrong with an option that has no effect beside what only the attribute says.
fn without_effect(layer: &Written, option: &str, given: &Given) -> Option<String> {
    let gives = "the `backoff` of the attribute gives the delays";
    match (layer, option) {
        (Written::Retry { backoff: true, .. }, "jitter") if given.shown() == "decorrelated" => {
            let instead = "remove it, or write another `jitter`";
            Some(no_effect("jitter = decorrelated", gives, instead))
        }
        (Written::Retry { backoff: true, .. }, name) if makes_delays(name) => {
            let instead = "remove it, or write `cap = 20s` for a bound on them";
            Some(no_effect(name, gives, instead))
        }
        (Written::Fallback { last_ok: None, .. }, name) => {
            let why = "the `fallback` of the attribute keeps no good value";
            Some(no_effect(
                name,
                why,
                "remove it, or write `last_ok` in the attribute",
            ))
        }
        _ => missing(layer, option),
    }
}

/// Sets the limits of the timeouts.
fn set_limits(
    target: &Target,
    settled: &mut [Written],
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) {
    let is_timeout = |layer: &&mut Written| layer.kind() == Kind::Timeout;
    let count = settled.iter_mut().filter(is_timeout).count();
    if count == 0 {
        return;
    }
    let Some(limits) = limits(target, count, layers, faults) else {
        return;
    };
    for (layer, set) in settled.iter_mut().filter(is_timeout).zip(limits) {
        if let Written::Timeout { limit } = layer {
            *limit = Some(set);
        }
    }
}

/// Returns the targets whose options a layer of `function` takes, the one that is aimed best last.
pub(super) fn targets(function: &str, layer: &Written) -> Vec<Target> {
    if layer.kind().is_named() {
        return states::targets(layer.name().unwrap_or(function)).into();
    }
    let own = Target::Function(function.to_owned());
    match layer.name() {
        Some(name) => vec![Target::Name(name.to_owned()), own],
        None => vec![own],
    }
}

/// Sets the options of one layer. Those of a name are set here for the rules over the stack alone.
fn set(function: &str, layer: &mut Written, layers: &Layers<'_>, faults: &mut Vec<ControlFault>) {
    let targets = targets(function, layer);
    let of = (targets.as_slice(), layer.kind());
    let state = layer.name().unwrap_or(function);
    match layer {
        Written::Retry {
            policy,
            again,
            budget,
            ..
        } => {
            let as_written = BudgetAsWritten(policy.budget);
            *policy = apply(*policy, of, layers, faults);
            policy.as_written = Some(as_written);
            if let (Some(name), Some(numbers)) = (budget, policy.budget) {
                let of = Target::Name((*name).to_owned());
                let of = (std::slice::from_ref(&of), Kind::Budget);
                let numbers = editing::given(name).unwrap_or(numbers);
                policy.budget = Some(apply(numbers, of, layers, faults));
            }
            if !*again && policy.max != Some(1) {
                let set = layers.options(&targets[0], Kind::Retry);
                let set = set.filter(|(option, ..)| *option == "max").last();
                if let Some((_, _, setting)) = set {
                    faults.push(setting.fault(help(
                        "the attribute has `max = 1`, so the body may move its arguments, and can't run again",
                        "write another `max` in the attribute, or `off = true` here",
                    )));
                }
            }
        }
        Written::Circuit { policy, .. } => {
            *policy = in_use::<BreakerCore>(state).or(*policy);
            apply_named(policy, of, layers, faults);
        }
        Written::Bulkhead { policy, .. } => {
            *policy = in_use::<BulkheadCore>(state).or(*policy);
            apply_named(policy, of, layers, faults);
        }
        Written::RateLimit { policy, .. } => {
            *policy = in_use::<Limit>(state).or(*policy);
            apply_named(policy, of, layers, faults);
        }
        #[cfg(feature = "hedge")]
        Written::Hedge { policy } => *policy = apply(*policy, of, layers, faults),
        #[cfg(feature = "idempotent")]
        Written::Idempotent { policy, .. } => *policy = apply(*policy, of, layers, faults),
        Written::Fallback {
            last_ok: Some(policy),
            ..
        } => *policy = apply(*policy, of, layers, faults),
        Written::Fallback { last_ok: None, .. } | Written::Timeout { .. } => {}
    }
}

/// Returns the settings that the state of that name was given first.
fn in_use<T: Shared>(name: &str) -> Option<T::Policy> {
    T::names().find(name)?.written().copied()
}

fn apply_named<P: Named>(
    policy: &mut Option<P>,
    of: (&[Target], Kind),
    layers: &Layers<'_>,
    faults: &mut Vec<ControlFault>,
) {
    let set = apply(policy.unwrap_or(P::BASE), of, layers, faults);
    let is_set =
        of.0.iter()
            .any(|target| layers.options(target, of.1).next().is_some());
    if policy.is_some() || is_set {
        *policy = Some(set);
    }
}

/// Returns the rule over the stack that is broken, if the attributes alone keep it. It is told at the last
/// setting of the layer that breaks it, or else at the last one of the function.
fn broken_rule(
    function: &str,
    written: &[Written],
    settled: &Settled,
    layers: &Layers<'_>,
) -> Option<ControlFault> {
    let none_is_off = |_: usize| true;
    let (as_written, _) = stack(written, none_is_off);
    if given::check(&as_written).is_err() {
        return None;
    }
    let (stack, indices) = stack(&settled.layers, |at| settled.off >> at & 1 == 0);
    let (at, message) = given::check(&stack).err()?;
    let layer = &written[indices[at]];
    let of_function = |setting: &&Setting| match &setting.target {
        Target::Function(of) => of == function,
        Target::Name(of) => written.iter().any(|layer| layer.name() == Some(of)),
        Target::All => true,
    };
    let mut all: Vec<&Setting> = layers.all().filter(of_function).collect();
    let of_layer = all.iter().rposition(|setting| {
        setting.kind == Some(layer.kind()) && matches!(setting.change, Change::Option(..))
    });
    let last = match of_layer {
        Some(at) => Some(all.swap_remove(at)),
        None => all.pop(),
    };
    last.map(|setting| setting.fault(message))
}

/// Returns the layers that the rules of a stack know, and their indices.
fn stack(written: &[Written], is_on: impl Fn(usize) -> bool) -> (Vec<Layer>, Vec<usize>) {
    let known = written.iter().enumerate().filter(|(at, _)| is_on(*at));
    let known = known.filter_map(|(at, layer)| {
        let layer = match layer {
            Written::Retry { policy, .. } => Layer::Retry(*policy),
            Written::Timeout { limit } => Layer::Timeout(TimeoutPolicy::new((*limit)?)),
            Written::Circuit { policy, .. } => Layer::Circuit((*policy)?),
            Written::Bulkhead { policy, .. } => Layer::Bulkhead((*policy)?),
            Written::RateLimit { policy, .. } => Layer::RateLimit((*policy)?),
            #[cfg(feature = "hedge")]
            Written::Hedge { policy } => Layer::Hedge(*policy),
            _ => return None,
        };
        Some((layer, at))
    });
    known.unzip()
}
