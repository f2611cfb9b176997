//! Settings that are for nobody, as far as is known.

use resil_language::nearest::nearest;

use super::beside::missing_for_all;
use super::named;
use super::origin::help;
use super::setting::{Setting, Target};
use super::steering::Function;
use super::written::{Kind, Written};

/// Returns what is to be told of a setting that is for none of these functions, and for no state.
pub(super) fn for_nobody(setting: &Setting, functions: &[Function]) -> Option<String> {
    let layers = || {
        let all = functions.iter().flat_map(|function| &function.instances);
        all.flat_map(|layers| layers.iter())
    };
    let (what, name, known): (_, _, Vec<&str>) = match &setting.target {
        Target::All => return None,
        Target::Function(name) => {
            let names = functions.iter().map(|function| function.name);
            (
                "no function of that path has been called",
                name,
                names.collect(),
            )
        }
        Target::Name(name) => {
            let names = layers().filter_map(|layer| name_for(setting.kind, layer));
            (
                "no function that was called gives that name",
                name,
                names.collect(),
            )
        }
    };
    if known.contains(&name.as_str()) || named::is_for_a_state(setting) {
        return missing_for_all(setting, layers());
    }
    if let (Target::Name(_), Some(kind)) = (&setting.target, setting.kind)
        && let Some(of) = layers().find_map(|layer| has_name(layer, name))
    {
        return Some(help(
            format!("{what} to a `{}`", kind.name()),
            format!("it is the name of a `{}`", of.name()),
        ));
    }
    let instead = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "look at the spelling".to_owned(),
    };
    Some(help(what, instead))
}

/// Returns the name that a layer gives to a policy of that kind, or, without one, to what has switches.
fn name_for(kind: Option<Kind>, layer: &Written) -> Option<&'static str> {
    match kind {
        Some(Kind::Budget) => layer.budget(),
        None | Some(Kind::Chaos) => layer.name(),
        Some(kind) => layer.name().filter(|_| layer.kind() == kind),
    }
}

/// Returns to what the layer gives that name, if it does.
fn has_name(layer: &Written, name: &str) -> Option<Kind> {
    if layer.name() == Some(name) {
        return Some(layer.kind());
    }
    let is_budget = layer.budget() == Some(name);
    is_budget.then_some(Kind::Budget)
}
