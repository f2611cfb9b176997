//! The ways in which settings come into force: a function is called for the first time, or something is
//! changed from outside.

use super::environment;
use super::file;
use super::named;
use super::origin::{ControlError, ControlFault};
use super::site::ControlSite;
use super::steering::{Edit, lock};
use super::written::Written;
use crate::event::{self, Event};

/// Notes an instance of a function that is called for the first time, and puts its settings in force. A
/// setting that it can't have is left out and told.
pub(super) fn register(site: &'static ControlSite, written: &'static [Written]) {
    // The name is claimed before the lock is taken.
    let name = site.site().name();
    let mut steering = lock();
    let faults = steering.add(site, name, written);
    let has_named = steering.has_named();
    drop(steering);
    if has_named {
        named::edit_all();
    }
    tell(&faults);
}

/// Changes the settings: all of it, or nothing if a function can't have them.
pub(super) fn change(edit: Edit) -> Result<(), ControlError> {
    let mut steering = lock();
    let changed = steering.change(edit);
    drop(steering);
    named::edit_all();
    changed.map_err(|faults| ControlError::new(file::spelled(faults)))
}

/// Reads the environment anew.
pub(super) fn read_environment() {
    let mut steering = lock();
    steering.variables = environment::variables();
    let faults = steering.settle_all();
    drop(steering);
    named::edit_all();
    tell(&faults);
}

/// Tells listeners of faults.
fn tell(faults: &[ControlFault]) {
    for fault in faults {
        event::emit(|| Event::SettingRefused {
            fault: fault.to_string().into(),
        });
    }
}
