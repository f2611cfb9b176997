//! Settings in the environment: `RESIL_PAY_OPEN_FOR=10s`.
//!
//! A variable is `RESIL_`, the name or the path of a function, perhaps the policy, and the option, all in
//! capitals and joined by `_`; in a path and in a name, whatever is no letter and no digit is `_`. What a
//! variable means is known once the functions that it may be for are: so it is read anew with each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::has_option;
use super::origin::{ControlFault, Origin, help};
use super::setting::{Change, Setting, Target};
use super::text;
use super::written::Kind;

const PREFIX: &str = "RESIL_";
/// Variables of the same beginning that mean something else.
const OTHERS: [&str; 1] = ["RESIL_CHAOS"];

/// A variable of the environment, with its value.
pub(super) type Variable = (Arc<str>, String);

/// Returns the variables that may be settings.
pub(super) fn variables() -> Vec<Variable> {
    let all = std::env::vars_os();
    let mut found: Vec<Variable> = all
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()))
        .map(|(name, value)| (Arc::from(name), value))
        .collect();
    found.sort();
    found
}

/// Returns whether one of the variables begins as those for that name do.
pub(super) fn may_be_for(variables: &[Variable], name: &str) -> bool {
    let name = in_capitals(name);
    let mut rests = variables.iter().map(|(of, _)| &of[PREFIX.len()..]);
    rests.any(|rest| rest.starts_with(&name))
}

/// What a variable may be for, with the policies that it has there.
pub(super) struct Candidate {
    pub(super) target: Target,
    pub(super) kinds: Vec<Kind>,
    /// Further policies that it has, whose numbers belong to a name: they are meant where they are written.
    pub(super) of_names: Vec<Kind>,
}

/// What was found in the environment.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) settings: Vec<Setting>,
    pub(super) faults: Vec<ControlFault>,
    /// The variables that are for nobody, as far as is known.
    pub(super) unused: Vec<Arc<str>>,
}

/// Reads the variables, which may be for these candidates.
pub(super) fn read(variables: &[Variable], candidates: &[Candidate]) -> Found {
    let mut found = Found::default();
    for (name, value) in variables {
        let mut readings = Vec::new();
        let rest = &name[PREFIX.len()..];
        for candidate in candidates {
            candidate.read(rest, &mut readings);
        }
        match rest.strip_prefix("ALL") {
            Some("") => readings.push((Target::All, None, None)),
            Some(rest) => {
                let rest = rest.strip_prefix('_');
                let kind = rest.and_then(kind_of);
                readings.extend(kind.map(|kind| (Target::All, Some(kind), None)));
                // Injected faults alone are set for all functions.
                let option = rest.and_then(|rest| rest.strip_prefix("CHAOS_"));
                let option = option.map(str::to_lowercase);
                let option = option.filter(|option| has_option(Kind::Chaos, option));
                readings.extend(option.map(|of| (Target::All, Some(Kind::Chaos), Some(of))));
            }
            None => {}
        }
        let origin = Origin::Environment {
            variable: Arc::clone(name),
        };
        match readings.as_slice() {
            [] => found.unused.push(Arc::clone(name)),
            [(target, kind, option)] => match change(*kind, option.as_deref(), value) {
                Ok(change) => found.settings.push(Setting {
                    target: target.clone(),
                    kind: *kind,
                    change,
                    origin,
                    left_out: BTreeSet::new(),
                }),
                Err(message) => found.faults.push(ControlFault {
                    origin,
                    key: String::new(),
                    message,
                }),
            },
            several => found.faults.push(ControlFault {
                origin,
                key: String::new(),
                message: ambiguous(several, value),
            }),
        }
    }
    found
}

/// One thing that a variable may mean: what it is for, the policy, and the option; without one, a switch.
type Reading = (Target, Option<Kind>, Option<String>);

impl Candidate {
    fn read(&self, rest: &str, readings: &mut Vec<Reading>) {
        let of = |kind: Option<Kind>, option: Option<&str>| {
            (self.target.clone(), kind, option.map(str::to_lowercase))
        };
        let Some(rest) = rest.strip_prefix(&in_capitals(self.name())) else {
            return;
        };
        if rest.is_empty() {
            return readings.push(of(None, None));
        }
        let Some(rest) = rest.strip_prefix('_') else {
            return;
        };
        for &kind in &self.kinds {
            if has_option(kind, &rest.to_lowercase()) {
                readings.push(of(Some(kind), Some(rest)));
            }
        }
        for &kind in self.kinds.iter().chain(&self.of_names) {
            let Some(after) = rest.strip_prefix(&in_capitals(kind.name())) else {
                continue;
            };
            if after.is_empty() {
                readings.push(of(Some(kind), None));
            } else if let Some(option) = after.strip_prefix('_')
                && has_option(kind, &option.to_lowercase())
            {
                readings.push(of(Some(kind), Some(option)));
            }
        }
    }

    fn name(&self) -> &str {
        match &self.target {
            Target::All => "all",
            Target::Function(name) | Target::Name(name) => name,
        }
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    Kind::of(&name.to_lowercase()).filter(|_| name == name.to_uppercase())
}

/// Formats a name or a path as variables have it: `app::charge` is `APP_CHARGE`.
pub(super) fn in_capitals(name: &str) -> String {
    let mut capitals = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            capitals.push(c.to_ascii_uppercase());
        } else if !capitals.ends_with('_') {
            capitals.push('_');
        }
    }
    capitals
}

/// Returns the variable that means an option and nothing else of the target.
pub(super) fn in_full(target: &Target, kind: Kind, option: &str) -> String {
    let name = match target {
        Target::All => "all",
        Target::Function(name) | Target::Name(name) => name,
    };
    let [name, kind, option] = [name, kind.name(), option].map(in_capitals);
    format!("{PREFIX}{name}_{kind}_{option}")
}

fn change(kind: Option<Kind>, option: Option<&str>, value: &str) -> Result<Change, String> {
    match (option, value.trim()) {
        (Some(option), value) => Ok(Change::Option(option.to_owned(), text::given(value))),
        (None, "off") => Ok(Change::Switch(false)),
        (None, "on") => Ok(Change::Switch(true)),
        (None, value) if kind == Some(Kind::Timeout) => {
            Ok(Change::Option(String::new(), text::given(value)))
        }
        (None, value) => Err(help(
            format!("it takes `off` or `on`, but is `{value}`"),
            "write `off` or `on`",
        )),
    }
}

/// Returns the message about a variable that may mean several things.
fn ambiguous(readings: &[Reading], value: &str) -> String {
    let shown: Vec<String> = readings
        .iter()
        .map(|(target, kind, option)| {
            let kind = kind.map_or(String::new(), |kind| format!(".{}", kind.name()));
            let option = option.as_ref().map_or("off", String::as_str);
            format!("`{target}{kind}.{option}`")
        })
        .collect();
    let is_one_target = readings.iter().all(|(target, ..)| *target == readings[0].0);
    let longer: Vec<String> = readings
        .iter()
        .filter_map(|(target, kind, option)| {
            let variable = in_full(target, kind.as_ref().copied()?, option.as_ref()?);
            Some(format!("`{variable}={value}`"))
        })
        .collect();
    let instead = if is_one_target && longer.len() == readings.len() {
        format!("write {}", longer.join(" or "))
    } else {
        "write it in a file, where the two differ".to_owned()
    };
    help(format!("it may be {}", shown.join(" or ")), instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(target: Target, kinds: &[Kind]) -> Candidate {
        Candidate {
            target,
            kinds: kinds.to_vec(),
            of_names: Vec::new(),
        }
    }

    fn found(variables: &[(&str, &str)]) -> Found {
        let variables: Vec<Variable> = variables
            .iter()
            .map(|(name, value)| (Arc::from(*name), (*value).to_owned()))
            .collect();
        let pay = Target::Name("pay".to_owned());
        let kinds = [Kind::Circuit, Kind::Bulkhead, Kind::RateLimit];
        let charge = Target::Function("app::v2::charge".to_owned());
        read(
            &variables,
            &[
                candidate(pay, &kinds),
                candidate(charge, &[Kind::Retry, Kind::Timeout]),
            ],
        )
    }

    #[track_caller]
    fn key(name: &str, value: &str) -> String {
        let found = found(&[(name, value)]);
        assert!(found.faults.is_empty(), "{:?}", found.faults);
        let setting = &found.settings[0];
        match &setting.change {
            Change::Switch(on) => format!("{} {on}", setting.key()),
            Change::Option(_, given) => format!("{} = {}", setting.key(), given.shown()),
        }
    }

    #[test]
    fn a_variable_is_the_name_the_policy_and_the_option() {
        assert_eq!(
            key("RESIL_PAY_OPEN_FOR", "10s"),
            "name.pay.circuit.open_for = 10s"
        );
        assert_eq!(
            key("RESIL_PAY_CIRCUIT_OPEN_FOR", "10s"),
            "name.pay.circuit.open_for = 10s"
        );
        assert_eq!(
            key("RESIL_PAY_RATE_LIMIT_MAX", "7"),
            "name.pay.rate_limit.max = 7"
        );
        assert_eq!(
            key("RESIL_PAY_CIRCUIT", "off"),
            "name.pay.circuit.off false"
        );
        assert_eq!(key("RESIL_PAY", "on"), "name.pay.off true");
        let charge = "function.\"app::v2::charge\"";
        assert_eq!(
            key("RESIL_APP_V2_CHARGE_RETRY_MAX", "2"),
            format!("{charge}.retry.max = 2")
        );
        assert_eq!(
            key("RESIL_APP_V2_CHARGE_MAX", "2"),
            format!("{charge}.retry.max = 2")
        );
        assert_eq!(
            key("RESIL_APP_V2_CHARGE_TIMEOUT", "2s"),
            format!("{charge}.timeout = 2s")
        );
        assert_eq!(key("RESIL_ALL_RETRY", "off"), "all.retry.off false");
    }

    #[test]
    fn what_may_be_two_things_is_refused_with_the_text_to_write() {
        let found = found(&[("RESIL_PAY_MAX", "3")]);
        assert!(found.settings.is_empty());
        assert_eq!(
            found.faults[0].to_string(),
            "RESIL_PAY_MAX: it may be `name.pay.bulkhead.max` or `name.pay.rate_limit.max`\n\
             help: write `RESIL_PAY_BULKHEAD_MAX=3` or `RESIL_PAY_RATE_LIMIT_MAX=3`"
        );
    }

    #[test]
    fn two_names_that_read_the_same_in_capitals_are_refused() {
        let names =
            ["a.b", "a-b"].map(|name| candidate(Target::Name(name.to_owned()), &[Kind::Circuit]));
        let variables = [(Arc::from("RESIL_A_B_OPEN_FOR"), "1s".to_owned())];
        let found = read(&variables, &names);
        let fault = found.faults[0].to_string();
        assert!(
            fault.ends_with("help: write it in a file, where the two differ"),
            "{fault}"
        );
    }

    #[test]
    fn a_switch_takes_a_word_and_what_is_for_nobody_is_told() {
        let found = found(&[("RESIL_PAY_CIRCUIT", "no"), ("RESIL_PAT_OPEN_FOR", "1s")]);
        assert_eq!(
            found.faults[0].to_string(),
            "RESIL_PAY_CIRCUIT: it takes `off` or `on`, but is `no`\nhelp: write `off` or `on`"
        );
        assert_eq!(*found.unused, [Arc::from("RESIL_PAT_OPEN_FOR")]);
    }
}
