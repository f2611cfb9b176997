//! The faults of one function, out of the settings that are for it.

use std::sync::Arc;

use super::faults::{Faults, Injection};
use super::origin::{ControlFault, Origin, help};
use super::setting::{Change, Layers, Setting, Target};
use super::site::Runs;
use super::written::{Kind, Written};
use crate::settings::{Given, Named};

/// Returns the faults that are injected into a function: those for all, for its names, and for itself, the
/// later ones on top. `before` are those of before: they draw on if nothing has changed.
pub(super) fn of(
    function: &str,
    written: &[Written],
    runs: Runs,
    layers: &Layers<'_>,
    before: Option<&Arc<Injection>>,
) -> Result<Option<Arc<Injection>>, Vec<ControlFault>> {
    let names = names(written);
    let is_off = |name| matches!(layers.switch(function, Kind::Chaos, name), Some((false, _)));
    if is_off(None) || names.iter().any(|name| is_off(Some(name))) {
        return Ok(None);
    }
    let (mut faults, mut wrong) = (Faults::BASE, Vec::new());
    let set = aimed(function, &names, layers);
    let Some(&(.., last)) = set.last() else {
        return Ok(None);
    };
    for (option, given, setting) in &set {
        match Faults::TABLE.set(faults, option, given) {
            Ok(set) => faults = set,
            Err(message) => wrong.push(setting.fault(message)),
        }
    }
    for (option, message) in impossible(function, &faults, runs) {
        match set.iter().rfind(|(of, ..)| *of == option) {
            Some((.., by)) if by.target != Target::All => wrong.push(by.fault(message)),
            // What is for all is for those that can have it.
            _ => faults.leave_out(option),
        }
    }
    wrong.extend(faults.too_many().map(|message| last.fault(message)));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    if faults.is_nothing() {
        return Ok(None);
    }
    Ok(Some(match before {
        Some(before) if before.faults == faults => Arc::clone(before),
        _ => Arc::new(Injection::new(faults, function)),
    }))
}

/// Returns the names that the layers of a function give.
fn names(written: &[Written]) -> Vec<&'static str> {
    written.iter().filter_map(Written::name).collect()
}

/// Returns the options that are set for a function, the winning ones last.
fn aimed<'s>(
    function: &str,
    names: &[&str],
    layers: &Layers<'s>,
) -> Vec<(&'s str, &'s Given, &'s Setting)> {
    let mut all = Vec::new();
    for settings in &layers.0 {
        let aim = |setting: &Setting| match &setting.target {
            Target::All => Some(0),
            Target::Name(name) => names.contains(&name.as_str()).then_some(1),
            Target::Function(name) => (name == function).then_some(2),
        };
        let own = settings.iter().copied();
        let own = own.filter(|s| s.kind == Some(Kind::Chaos));
        let mut own: Vec<_> = own.filter_map(|s| Some((aim(s)?, s))).collect();
        own.sort_by_key(|(aim, _)| *aim);
        all.extend(own.into_iter().filter_map(|(_, s)| match &s.change {
            Change::Option(option, given) => Some((option.as_str(), given, s)),
            Change::Switch(_) => None,
        }));
    }
    all
}

/// Returns the faults in force for a function, each option with its value and where that comes from. Empty if none
/// are injected.
pub(super) fn in_force(
    function: &str,
    written: &[Written],
    runs: Runs,
    layers: &Layers<'_>,
) -> Vec<(&'static str, Given, Origin)> {
    let Ok(Some(injected)) = of(function, written, runs, layers, None) else {
        return Vec::new();
    };
    let set = aimed(function, &names(written), layers);
    let origin_of = |option: &str| {
        let mut set = set.iter().filter(|(of, ..)| *of == option);
        set.next_back()
            .map_or(Origin::Attribute, |(.., by)| by.origin.clone())
    };
    let shown = Faults::TABLE.write(&injected.faults).into_iter();
    let shown = shown.filter(|(option, _)| injected.faults.has_effect(option));
    shown
        .map(|(option, given)| (option, given, origin_of(option)))
        .collect()
}

/// Returns the faults that the function can't have, with what is wrong with each.
fn impossible(function: &str, faults: &Faults, runs: Runs) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if faults.error > 0.0 && !runs.can_fail {
        let what = format!(
            "`{function}` has no `From<resil::Error>`, so no error can be injected into it"
        );
        let instead = "write `delay`, `hang`, `panic` or `drop` for it, or put another attribute than `retry` on it";
        all.push(("error", help(what, instead)));
    }
    for (option, share) in [("hang", faults.hang), ("drop", faults.drop)] {
        if share > 0.0 && !runs.is_async {
            let what = format!("`{function}` is not async: nothing could end a run that hangs");
            let instead = "write `delay`, `error` or `panic` for it";
            all.push((option, help(what, instead)));
        }
    }
    all
}

impl Faults {
    /// Leaves out the share of a fault that a function can't have.
    fn leave_out(&mut self, option: &str) {
        match option {
            "error" => self.error = 0.0,
            "hang" => self.hang = 0.0,
            _ => self.drop = 0.0,
        }
    }
}
