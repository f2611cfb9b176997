//! What has an effect only beside what an attribute alone can have: a `key`, or a `store`.

use super::origin::{help, no_effect};
use super::setting::{Change, Setting, Target};
use super::states;
use super::written::{Kind, Written};

/// Returns what is wrong with an option of a layer that has no `key`, or no `store`, to stand beside.
pub(super) fn missing(layer: &Written, option: &str) -> Option<String> {
    let (has_key, has_store) = match layer {
        Written::Circuit { key, .. }
        | Written::Bulkhead { key, .. }
        | Written::Fallback { key, .. } => (*key, true),
        Written::RateLimit { key, store, .. } => (*key, *store),
        _ => (true, true),
    };
    match option {
        "max_keys" if !has_key => no_keys(layer.kind()),
        "on_outage" if !has_store => Some(no_store()),
        _ => None,
    }
}

/// Returns what is wrong with an option for a name that nobody gives who has a `key`, or a `store`, as far as is
/// known; `all` are the layers of all functions that were called.
pub(super) fn missing_for_all<'w>(
    setting: &Setting,
    all: impl Iterator<Item = &'w Written>,
) -> Option<String> {
    let (Target::Name(name), Some(kind), Change::Option(option, _)) =
        (&setting.target, setting.kind, &setting.change)
    else {
        return None;
    };
    let mut of_name = all.filter(|layer| layer.kind() == kind && layer.name() == Some(name));
    if of_name.any(|layer| missing(layer, option).is_none()) {
        return None;
    }
    match option.as_str() {
        "max_keys" if !states::has_keys(kind, name)? => no_keys(kind),
        "on_outage" if kind == Kind::RateLimit && states::is_there(kind, name) => Some(no_store()),
        _ => None,
    }
}

fn no_keys(kind: Kind) -> Option<String> {
    let one = match kind {
        Kind::Circuit => "breaker",
        Kind::Bulkhead => "bulkhead",
        Kind::RateLimit => "rate limit",
        Kind::Fallback => "value",
        _ => return None,
    };
    let why = format!("there is one {one} for all calls");
    let instead = "write a `key` in the attribute, or remove it";
    Some(no_effect("max_keys", &why, instead))
}

fn no_store() -> String {
    help(
        "`on_outage` is about a `store`, and there is none: calls are counted in this process",
        "write a `store` in the attribute, or remove it",
    )
}
