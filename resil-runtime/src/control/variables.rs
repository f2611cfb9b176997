//! What the variables of the environment mean, as functions and states become known.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::check_alone;
use super::environment::{self, Candidate, Found};
use super::origin::ControlFault;
use super::setting::{Setting, Target};
use super::states;
use super::steering::{Steering, names_of};
use super::written::{Kind, Written};
use crate::named::Called;

impl Steering {
    /// Reads the variables for the functions and the states that are known by now. Returns the faults that are
    /// new.
    pub(super) fn find_variables(&mut self) -> Vec<ControlFault> {
        if self.variables.is_empty() {
            self.environment = Found::default();
            return Vec::new();
        }
        self.states = states::all();
        let mut found = environment::read(&self.variables, &self.candidates());
        let given: BTreeSet<&str> = self.layers_written().flat_map(names).collect();
        // Where a function gives the name, the faults are found with its other settings.
        let is_of_states =
            |of: &Target| matches!(of, Target::Name(name) if !given.contains(&**name));
        // Whether faults may be injected here is no matter of a function.
        let is_checked = |s: &Setting| s.kind == Some(Kind::Chaos) || is_of_states(&s.target);
        let mut refused = Vec::new();
        found.settings.retain(|setting| {
            let fault = check_alone(setting).filter(|_| is_checked(setting));
            let is_kept = fault.is_none();
            refused.extend(fault);
            is_kept
        });
        found.faults.extend(refused);
        let mut new = found.faults.clone();
        new.retain(|fault| !self.environment.faults.contains(fault));
        let before = std::mem::replace(&mut self.environment, found).settings;
        for setting in &mut self.environment.settings {
            if let Some(old) = before.iter().find(|old| setting.is_at(old)) {
                setting.left_out.clone_from(&old.left_out);
            }
        }
        new.extend(self.put_back(&before));
        new
    }

    /// Takes those settings of `before` out of force that are not there any more: what a variable is for may
    /// not be clear any more, once another name is known. Returns the faults that are new.
    fn put_back(&mut self, before: &[Setting]) -> Vec<ControlFault> {
        let now = &self.environment.settings;
        let is_there = |old: &Setting| now.iter().any(|new| old.is_at(new));
        let gone: Vec<&Setting> = before.iter().filter(|old| !is_there(old)).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        self.stale.extend(names_of(gone));
        let functions = 0..self.functions.len();
        functions.flat_map(|at| self.put_in_force(at)).collect()
    }

    /// Notes that there is a state which is called so. Returns the faults of variables that are new.
    pub(super) fn know(&mut self, kind: Kind, called: Called) -> Vec<ControlFault> {
        let is_it = |(of, known): &(Kind, Called)| *of == kind && known.name == called.name;
        if self.variables.is_empty() || self.states.iter().any(is_it) {
            return Vec::new();
        }
        // Of many stacks few have a variable.
        if !environment::may_be_for(&self.variables, called.name) {
            self.states.push((kind, called));
            return Vec::new();
        }
        self.find_variables()
    }

    fn layers_written(&self) -> impl Iterator<Item = &'static Written> + '_ {
        let instances = self
            .functions
            .iter()
            .flat_map(|function| &function.instances);
        instances.flat_map(|layers| layers.iter())
    }

    /// Returns what a variable may be for.
    fn candidates(&self) -> Vec<Candidate> {
        let mut all: BTreeMap<Target, [Vec<Kind>; 2]> = BTreeMap::new();
        let mut add = |target: Target, which: usize, kind: Kind| {
            let kinds = &mut all.entry(target).or_default()[which];
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        };
        for function in &self.functions {
            let own = || Target::Function(function.name.to_owned());
            for layer in function.instances.iter().flat_map(|layers| layers.iter()) {
                let kind = layer.kind();
                let of_name = layer.name().filter(|_| kind.is_named());
                add(own(), usize::from(of_name.is_some()), kind);
                if let Some(name) = layer.name() {
                    add(Target::Name(name.to_owned()), 0, kind);
                    add(Target::Name(name.to_owned()), 0, Kind::Chaos);
                }
                if let Some(name) = layer.budget() {
                    add(Target::Name(name.to_owned()), 0, Kind::Budget);
                }
                add(own(), 0, Kind::Chaos);
            }
        }
        for (kind, of) in &self.states {
            let is_functions = self
                .functions
                .iter()
                .any(|function| function.name == of.name);
            if !is_functions {
                add(Target::Name(of.name.to_owned()), 0, *kind);
            }
        }
        let all = all.into_iter();
        all.map(|(target, [kinds, of_names])| Candidate {
            target,
            kinds,
            of_names,
        })
        .collect()
    }
}

fn names(layer: &Written) -> impl Iterator<Item = &'static str> + use<> {
    [layer.name(), layer.budget()].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::steering::lock;
    use crate::circuit::CircuitPolicy;

    #[test]
    fn what_is_in_no_variable_any_more_is_not_in_force() {
        crate::breaker("variables.gone").configure(CircuitPolicy::new().failures(3));
        let mut steering = lock();
        let mut probes = |variables| {
            steering.variables = variables;
            steering.settle_all();
            steering
                .layers()
                .all()
                .filter(|of| of.option() == Some("probes"))
                .count()
        };
        let variable = (Arc::from("RESIL_VARIABLES_GONE_PROBES"), "3".to_owned());
        assert_eq!(probes(vec![variable]), 1);
        assert_eq!(probes(Vec::new()), 0);
    }

    #[cfg(feature = "chaos")]
    #[test]
    fn a_release_build_takes_no_faults_from_the_environment_either() {
        use super::super::faults::as_in_a_release_build;
        use super::super::site::ControlSite;
        use super::super::written::{Kind, Written};
        use crate::call::Site;

        static AT: Site = Site::new("variables::charge", 1);
        static SITE: ControlSite = ControlSite::new(&AT);
        static WRITTEN: &[Written] = &[Written::Circuit {
            name: Some("variables.charge"),
            policy: Some(CircuitPolicy::new()),
            key: false,
        }];
        let mut steering = lock();
        let names = ["RESIL_VARIABLES_CHARGE_CHAOS_ERROR"];
        steering.variables = names.map(|name| (Arc::from(name), "10%".to_owned())).into();
        steering.add(&SITE, "variables::charge_it", WRITTEN);
        let mut injected = || {
            steering.settle_all();
            let all = steering
                .layers()
                .all()
                .filter(|of| of.kind == Some(Kind::Chaos))
                .count();
            (all, steering.faults())
        };
        assert_eq!(injected(), (1, Vec::new()));
        let (all, faults) = as_in_a_release_build(&mut injected);
        assert_eq!((all, faults.len()), (0, 1));
        assert!(
            faults[0].to_string().contains("RESIL_CHAOS=allow"),
            "{}",
            faults[0]
        );
        steering.variables.clear();
        steering.settle_all();
    }
}
