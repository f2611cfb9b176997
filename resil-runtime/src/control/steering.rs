//! All settings from outside, and the functions that they are for.
//!
//! One lock holds them. It is held while settings are computed and put in force, and never while the user's
//! code runs: events are told after it was released.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::apply::check_alone;
use super::beside::missing_for_all;
#[cfg(feature = "chaos")]
use super::chaos;
use super::environment::{self, Found, Variable};
use super::file;
use super::origin::{ControlFault, Origin};
use super::setting::{Layers, Setting, Target};
use super::settle::settle;
use super::site::{ControlSite, Settings};
use super::states;
use super::written::{Kind, Written};
use crate::named::Called;
#[cfg(feature = "chaos")]
use crate::settings::Given;

/// The settings of the process.
pub(super) struct Steering {
    /// The file that was loaded last.
    pub(super) path: Option<Arc<Path>>,
    pub(super) file: Vec<Setting>,
    pub(super) variables: Vec<Variable>,
    pub(super) environment: Found,
    pub(super) hand: Vec<Setting>,
    /// The states that the variables have been read for.
    pub(super) states: Vec<(Kind, Called)>,
    /// The names of settings that are not in force any more, whose states have not been told.
    pub(super) stale: BTreeSet<String>,
    pub(super) functions: Vec<Function>,
    /// Faults that were found when a function was called for the first time.
    pub(super) late: Vec<ControlFault>,
    /// The faults of the file that is watched, as it is now.
    pub(super) watched: Vec<ControlFault>,
}

/// A function that was called.
#[derive(Clone)]
pub(super) struct Function {
    site: &'static ControlSite,
    pub(super) name: &'static str,
    /// The layers of each instance.
    pub(super) instances: Vec<&'static [Written]>,
}

impl Function {
    /// Returns the faults that are injected into it, each option with its value and where that comes from.
    #[cfg(feature = "chaos")]
    pub(super) fn injected(&self, layers: &Layers<'_>) -> Vec<(&'static str, Given, Origin)> {
        let layers = layers.left_to(&self.names());
        chaos::in_force(self.name, self.instances[0], self.site.can(), &layers)
    }

    /// Returns the names that settings for it may be left out for.
    pub(super) fn names(&self) -> Vec<&str> {
        let instances = self.instances.iter();
        instances
            .flat_map(|written| Written::names(self.name, written))
            .collect()
    }
}

/// Returns the names that settings are for: those of breakers and their like, and those of functions, which
/// such a state may be called by.
pub(super) fn names_of<'s>(
    settings: impl IntoIterator<Item = &'s Setting>,
) -> impl Iterator<Item = String> {
    let named = settings
        .into_iter()
        .filter(|s| s.kind.is_some_and(Kind::is_named));
    named.filter_map(|setting| match &setting.target {
        Target::All => None,
        Target::Function(name) | Target::Name(name) => Some(name.clone()),
    })
}

/// Returns the settings of the process, locked.
pub(super) fn lock() -> MutexGuard<'static, Steering> {
    static ALL: OnceLock<Mutex<Steering>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        Mutex::new(Steering {
            path: None,
            file: Vec::new(),
            variables: environment::variables(),
            environment: Found::default(),
            hand: Vec::new(),
            states: Vec::new(),
            stale: BTreeSet::new(),
            functions: Vec::new(),
            late: Vec::new(),
            watched: Vec::new(),
        })
    });
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a change of the settings does.
pub(super) enum Edit {
    /// Puts the settings of a file in the place of those of the file before.
    File(Arc<Path>, Vec<Setting>),
    /// Adds settings by hand, which take the place of those for the same.
    Hand(Vec<Setting>),
    /// Takes settings by hand back: those of a target, or all.
    Back(Option<Target>),
}

impl Steering {
    pub(super) fn layers(&self) -> Layers<'_> {
        Layers::new([&self.file, &self.environment.settings, &self.hand])
    }

    /// Returns the names that settings are for.
    pub(super) fn names(&self) -> BTreeSet<String> {
        names_of(self.layers().all()).collect()
    }

    /// Returns the names that settings for a function are for, and those in the environment: what a variable
    /// is for may be known with this function alone.
    pub(super) fn names_with(
        &mut self,
        function: &'static str,
        written: &[Written],
    ) -> BTreeSet<String> {
        let layers = written
            .iter()
            .flat_map(|layer| [layer.name(), layer.budget()]);
        let own: Vec<&str> = layers.flatten().chain([function]).collect();
        let mut names = self.names();
        names.retain(|name| own.contains(&name.as_str()));
        names.extend(names_of(&self.environment.settings));
        names.append(&mut self.stale);
        names
    }

    /// Returns the faults that were found late, and those of the environment.
    pub(super) fn faults(&self) -> Vec<ControlFault> {
        let environment = self.environment.faults.iter();
        let all = self.late.iter().chain(environment).chain(&self.watched);
        all.cloned().collect()
    }

    /// Forgets the faults of a file that was watched: it is right again, or is watched no longer.
    pub(super) fn forget_watched(&mut self, path: &Path) {
        let is_of =
            |origin: &Origin| matches!(origin, Origin::File { path: of, .. } if **of == *path);
        self.watched.retain(|fault| !is_of(&fault.origin));
    }

    pub(super) fn unused_variables(&self) -> &[Arc<str>] {
        &self.environment.unused
    }

    pub(super) fn add(
        &mut self,
        site: &'static ControlSite,
        name: &'static str,
        written: &'static [Written],
    ) -> Vec<ControlFault> {
        let known = self.functions.iter();
        let mut known = known.map(|known| known.site);
        let at = known.position(|known| std::ptr::eq(known, site));
        let at = at.unwrap_or_else(|| {
            let instances = Vec::new();
            self.functions.push(Function {
                site,
                name,
                instances,
            });
            self.functions.len() - 1
        });
        let instances = &mut self.functions[at].instances;
        if !instances.iter().any(|one| std::ptr::eq(*one, written)) {
            instances.push(written);
        }
        let of_variables = self.find_variables();
        let mut faults = self.put_in_force(at);
        faults.extend(of_variables);
        faults
    }

    /// Puts the settings of one function in force, and leaves out those that it can't have. Returns the
    /// faults that are new.
    pub(super) fn put_in_force(&mut self, function: usize) -> Vec<ControlFault> {
        let site = self.functions[function].site;
        let mut faults = Vec::new();
        loop {
            let found = match self.settled(function, &self.layers()) {
                Ok(settings) => {
                    site.set(settings);
                    break;
                }
                Err(found) => found,
            };
            let of = self.functions[function].clone();
            if !self.leave_out(&found, of.name, |setting| of.takes(setting)) {
                site.set(None);
                break;
            }
            faults.extend(self.note(file::spelled(found)));
        }
        faults
    }

    /// Returns the settings in force for a function; `None` if its attributes hold.
    fn settled(
        &self,
        function: usize,
        layers: &Layers<'_>,
    ) -> Result<Option<Vec<Arc<Settings>>>, Vec<ControlFault>> {
        let function = &self.functions[function];
        let layers = &layers.left_to(&function.names());
        let (mut all, mut faults, mut is_changed) = (Vec::new(), Vec::new(), false);
        #[cfg(feature = "chaos")]
        let chaos = {
            let (site, before) = (function.site, function.site.changed());
            let before = before.as_ref().and_then(|before| before.chaos());
            let of = (function.name, function.instances[0]);
            match chaos::of(of.0, of.1, site.can(), layers, before) {
                Ok(chaos) => chaos,
                Err(found) => {
                    faults.extend(found);
                    None
                }
            }
        };
        #[cfg(feature = "chaos")]
        {
            is_changed |= chaos.is_some();
        }
        for &written in &function.instances {
            let (mut settled, found) = settle(function.name, written, layers);
            is_changed |= settled.is_changed;
            faults.extend(found);
            for (at, layer) in settled.layers.iter_mut().enumerate() {
                if settled.off >> at & 1 == 1 {
                    layer.switch_off();
                }
            }
            all.push(Arc::new(Settings {
                written,
                off: settled.off,
                layers: settled.layers.into(),
                #[cfg(feature = "chaos")]
                chaos: chaos.clone(),
            }));
        }
        if faults.is_empty() {
            Ok(is_changed.then_some(all))
        } else {
            faults.dedup();
            Err(faults)
        }
    }

    /// Changes the settings, and returns the names that those which have changed are for.
    pub(super) fn change(&mut self, edit: Edit) -> Result<BTreeSet<String>, Vec<ControlFault>> {
        let mut names = BTreeSet::new();
        let (mut file, mut hand) = (self.file.clone(), self.hand.clone());
        let (mut path, mut new) = (self.path.clone(), Vec::new());
        let is_file = matches!(edit, Edit::File(..));
        match edit {
            Edit::File(of, settings) => {
                new.clone_from(&settings);
                names.extend(names_of(&file));
                (file, path) = (settings, Some(of));
            }
            Edit::Hand(settings) => {
                new.clone_from(&settings);
                hand.retain(|old| !settings.iter().any(|setting| setting.replaces(old)));
                hand.extend(settings);
            }
            Edit::Back(target) => {
                let stays = |old: &Setting| target.as_ref().is_some_and(|of| old.target != *of);
                names.extend(names_of(hand.iter().filter(|old| !stays(old))));
                hand.retain(stays);
            }
        }
        names.extend(names_of(&new));
        let mut faults: Vec<ControlFault> = new.iter().filter_map(check_alone).collect();
        let layers = Layers::new([&file, &self.environment.settings, &hand]);
        let mut settled = Vec::new();
        if faults.is_empty() {
            for at in 0..self.functions.len() {
                match self.settled(at, &layers) {
                    Ok(settings) => settled.push(settings),
                    Err(found) => faults.extend(found),
                }
            }
        }
        if faults.is_empty() {
            faults.extend(states::faults(&names, &layers));
            // Of a file it is told and not refused: who has a key may be called later.
            let by_hand = new.iter().filter(|setting| setting.origin == Origin::Hand);
            let layers = || {
                self.functions
                    .iter()
                    .flat_map(|of| of.instances.iter().copied().flatten())
            };
            let missing = |of: &Setting| Some(of.fault(missing_for_all(of, layers())?));
            faults.extend(by_hand.filter_map(missing));
        }
        if !faults.is_empty() {
            faults.dedup();
            return Err(faults);
        }
        for (function, settings) in self.functions.iter().zip(settled) {
            function.site.set(settings);
        }
        if let Some(path) = path.as_deref().filter(|_| is_file) {
            self.forget_watched(path);
        }
        (self.file, self.hand, self.path) = (file, hand, path);
        self.forget_late();
        Ok(names)
    }

    /// Puts the settings in force once more, for all functions. Returns the faults that are new.
    pub(super) fn settle_all(&mut self) -> Vec<ControlFault> {
        self.late
            .retain(|fault| !matches!(fault.origin, Origin::Environment { .. }));
        for setting in &mut self.environment.settings {
            setting.left_out.clear();
        }
        let of_variables = self.find_variables();
        let functions = 0..self.functions.len();
        let mut faults: Vec<ControlFault> =
            functions.flat_map(|at| self.put_in_force(at)).collect();
        faults.extend(of_variables);
        faults
    }
}
