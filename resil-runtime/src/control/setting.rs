//! One setting from outside, and which layers of which functions it is for.

use std::collections::BTreeSet;
use std::fmt;

use super::effect::takes_the_place;
use super::origin::{ControlFault, Origin};
use super::written::Kind;
use crate::settings::Given;

/// What a setting is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Target {
    /// All functions.
    All,
    /// The function with that path.
    Function(String),
    /// All that give that name.
    Name(String),
}

/// The target as a file has it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str| {
            let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !name.is_empty() && name.chars().all(is_bare) {
                name.to_owned()
            } else {
                format!("{name:?}")
            }
        };
        match self {
            Self::All => f.write_str("all"),
            Self::Function(name) => write!(f, "function.{}", quoted(name)),
            Self::Name(name) => write!(f, "name.{}", quoted(name)),
        }
    }
}

/// What a setting changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// Switches the policy on or off.
    Switch(bool),
    /// Sets an option to a value.
    Option(String, Given),
}

/// One setting.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) target: Target,
    /// The policy; `None` for all of the target.
    pub(super) kind: Option<Kind>,
    pub(super) change: Change,
    pub(super) origin: Origin,
    /// The functions, the states and the budgets that turned out not to be able to have it, by name.
    pub(super) left_out: BTreeSet<String>,
}

impl Setting {
    /// Returns the key, as a file has it.
    pub(super) fn key(&self) -> String {
        let mut key = self.target.to_string();
        if let Some(kind) = self.kind {
            // Injected faults for all have a table of their own.
            if self.target == Target::All && kind == Kind::Chaos {
                key.clear();
            } else {
                key.push('.');
            }
            key.push_str(kind.name());
        }
        match &self.change {
            Change::Switch(_) => key.push_str(".off"),
            // A timeout has one value, without a name.
            Change::Option(_, _) if self.kind == Some(Kind::Timeout) => {}
            Change::Option(option, _) => {
                key.push('.');
                key.push_str(option);
            }
        }
        key
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> ControlFault {
        ControlFault {
            origin: self.origin.clone(),
            key: self.key(),
            message: message.into(),
        }
    }

    /// Returns whether it is for the same and stands at the same place.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        self.origin == other.origin && self.key() == other.key()
    }

    /// Returns whether a fault is that of this setting: many have the same origin.
    pub(super) fn has(&self, fault: &ControlFault) -> bool {
        fault.origin == self.origin && fault.key == self.key()
    }

    /// Returns whether it is a number of a state or a budget, which all who give the name share.
    pub(super) fn is_shared(&self) -> bool {
        let is_named = self.kind.is_some_and(Kind::is_named);
        is_named && self.option().is_some() && matches!(self.target, Target::Name(_))
    }

    /// Returns the name of the budget that it is a number of.
    pub(super) fn of_budget(&self) -> Option<&str> {
        match &self.target {
            Target::Name(name) if self.kind == Some(Kind::Budget) => Some(name),
            _ => None,
        }
    }

    /// Returns the option that is set.
    pub(super) fn option(&self) -> Option<&str> {
        match &self.change {
            Change::Option(option, _) => Some(option),
            Change::Switch(_) => None,
        }
    }

    /// Returns whether this setting takes the place of `other` in the same layer of settings.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        let excludes = |this: &str, of: &str| {
            let kind = self.kind;
            kind.is_some_and(|kind| takes_the_place(kind, this, of))
        };
        let takes_it = match (&self.change, &other.change) {
            (Change::Switch(_), Change::Switch(_)) => true,
            (Change::Option(this, _), Change::Option(of, _)) => this == of || excludes(this, of),
            _ => false,
        };
        takes_it && self.target == other.target && self.kind == other.kind
    }

    /// Returns how closely the switch is aimed at a layer of that policy and name in that function; `None`
    /// if it is for others.
    fn aim(&self, function: &str, kind: Kind, name: Option<&str>) -> Option<u8> {
        if self.kind.is_some_and(|of| of != kind) {
            return None;
        }
        let of = match &self.target {
            Target::All => 0,
            Target::Name(of) if Some(of.as_str()) == name => 2,
            Target::Function(of) if of == function => 4,
            _ => return None,
        };
        Some(of + u8::from(self.kind.is_some()))
    }
}

/// The settings from outside: those of a file, of the environment, and by hand. A later one wins.
pub(super) struct Layers<'s>(pub(super) [Vec<&'s Setting>; 3]);

impl<'s> Layers<'s> {
    pub(super) fn new(settings: [&'s [Setting]; 3]) -> Self {
        Self(settings.map(|of| of.iter().collect()))
    }

    /// Returns those that are not left out for one of these names.
    pub(super) fn left_to(&self, names: &[&str]) -> Self {
        let has_it = |of: &&&Setting| !names.iter().any(|name| of.left_out.contains(*name));
        Self(
            self.0
                .each_ref()
                .map(|of| of.iter().filter(has_it).copied().collect()),
        )
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &'s Setting> + use<'_, 's> {
        self.0.iter().flatten().copied()
    }

    /// Returns the switch in force for a layer, if there is one: the last one, and of those that came
    /// together the one that is aimed best.
    pub(super) fn switch(
        &self,
        function: &str,
        kind: Kind,
        name: Option<&str>,
    ) -> Option<(bool, &'s Setting)> {
        self.0.iter().rev().find_map(|settings| {
            let aimed = settings.iter().filter_map(|&setting| {
                let Change::Switch(on) = setting.change else {
                    return None;
                };
                Some((setting.aim(function, kind, name)?, on, setting))
            });
            let best = aimed.max_by_key(|(aim, _, _)| *aim);
            best.map(|(_, on, setting)| (on, setting))
        })
    }

    /// Returns the options of that policy that are set for one of the `targets`, layer by layer; in each layer those
    /// for the last one of these, which is aimed best, are the last.
    pub(super) fn aimed(&self, targets: &[Target], kind: Kind) -> [Vec<&'s Setting>; 3] {
        let aim = |setting: &Setting| targets.iter().rposition(|of| *of == setting.target);
        self.0.each_ref().map(|settings| {
            let own = settings.iter().copied();
            let own = own.filter(|of| of.kind == Some(kind) && of.option().is_some());
            let mut own: Vec<_> = own.filter_map(|of| Some((aim(of)?, of))).collect();
            own.sort_by_key(|(aim, _)| *aim);
            own.into_iter().map(|(_, of)| of).collect()
        })
    }

    /// Returns the options that are set for `target` and that policy, the winning ones last.
    pub(super) fn options<'t>(
        &self,
        target: &'t Target,
        kind: Kind,
    ) -> impl Iterator<Item = (&'s str, &'s Given, &'s Setting)> + use<'_, 's, 't> {
        self.all().filter_map(move |setting| {
            let is_for = setting.target == *target && setting.kind == Some(kind);
            match &setting.change {
                Change::Option(option, given) if is_for => Some((option.as_str(), given, setting)),
                _ => None,
            }
        })
    }
}
