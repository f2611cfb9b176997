//! Settings that a function or a state turns out not to be able to have, when it is there: they are left out for it
//! alone.

use super::origin::{ControlFault, Origin};
use super::setting::{Layers, Setting, Target};
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
    /// Keeps faults that were found late, of many the newest. Returns those that are new.
    pub(super) fn note(&mut self, mut faults: Vec<ControlFault>) -> Vec<ControlFault> {
        faults.retain(|fault| !self.late.contains(fault));
        self.late.extend_from_slice(&faults);
        let too_many = self.late.len().saturating_sub(MOST_FAULTS);
        self.late.drain(..too_many);
        faults
    }

    /// Forgets the faults of settings that are there no longer, or that others have taken the place of.
    pub(super) fn forget_late(&mut self) {
        let layers = Layers::new([&self.file, &self.environment.settings, &self.hand]);
        let left_out = layers.all().filter(|of| !of.left_out.is_empty());
        let left_out: Vec<_> = left_out.map(|of| (of.key(), &of.origin)).collect();
        let is_of = |fault: &ControlFault, of: &(String, &Origin)| {
            fault.key == of.0 && fault.origin == *of.1
        };
        self.late
            .retain(|fault| left_out.iter().any(|of| is_of(fault, of)));
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

#[cfg(test)]
mod tests {
    use super::super::origin::{ControlFault, Origin};
    use super::super::steering::lock;
    use super::MOST_FAULTS;

    #[test]
    fn of_many_faults_the_newest_are_kept() {
        let mut steering = lock();
        let fault = |n: usize| ControlFault {
            origin: Origin::Hand,
            key: format!("late.{n}"),
            message: String::new(),
        };
        let last = MOST_FAULTS + 9;
        for n in 0..=last {
            assert_eq!(steering.note(vec![fault(n)]), [fault(n)]);
        }
        assert_eq!(steering.note(vec![fault(last)]), [], "it is known");
        assert_eq!(steering.late.len(), MOST_FAULTS);
        assert_eq!(steering.late.last(), Some(&fault(last)));
        // Their settings were never there.
        steering.forget_late();
        assert_eq!(steering.late, []);
    }
}
