//! Settings that a function or a state turns out not to be able to have, when it is there: they are left out for it
//! alone.

use super::origin::ControlFault;
use super::setting::{Setting, Target};
use super::steering::{Function, Steering};

/// The number of faults that are kept.
const MOST_FAULTS: usize = 1_000;

impl Function {
    /// Returns whether a setting is for it and can be left out for it alone, as the numbers of a state that has a
    /// name can't be.
    pub(super) fn takes(&self, setting: &Setting) -> bool {
        match &setting.target {
            Target::All => false,
            Target::Function(name) => name == self.name,
            Target::Name(name) if name == self.name => true,
            Target::Name(name) => !setting.is_shared() && self.names().contains(&name.as_str()),
        }
    }
}

impl Steering {
    /// Keeps faults that were found late. Returns those that are new.
    pub(super) fn note(&mut self, mut faults: Vec<ControlFault>) -> Vec<ControlFault> {
        faults.retain(|fault| !self.late.contains(fault));
        let room = MOST_FAULTS.saturating_sub(self.late.len());
        self.late.extend(faults.iter().take(room).cloned());
        faults
    }

    /// Leaves out the settings that the function or the state called `name` can't have, for it alone: a variable by
    /// itself, and of a file and by hand also all others that it `takes`. Returns false if there are none.
    pub(super) fn leave_out(
        &mut self,
        faults: &[ControlFault],
        name: &str,
        takes: impl Fn(&Setting) -> bool,
    ) -> bool {
        let is_faulty = |setting: &Setting| faults.iter().any(|fault| setting.has(fault));
        let mut is_new = false;
        for (settings, together) in [
            (&mut self.file, true),
            (&mut self.environment.settings, false),
            (&mut self.hand, true),
        ] {
            let faulty: Vec<bool> = settings.iter().map(is_faulty).collect();
            if !faulty.contains(&true) {
                continue;
            }
            for (setting, is_faulty) in settings.iter_mut().zip(faulty) {
                if is_faulty || together && takes(setting) {
                    let of = setting.of_budget().unwrap_or(name).to_owned();
                    is_new |= setting.left_out.insert(of);
                }
            }
        }
        is_new
    }
}
