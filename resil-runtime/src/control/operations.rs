//! The ways in which settings come into force: a function is called for the first time, or something is
//! changed from outside.

use std::path::Path;

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
    let names = steering.names_with(name, written);
    drop(steering);
    named::begin();
    if !names.is_empty() {
        named::edit(&names);
    }
    tell(&faults);
}

/// Changes the settings: all of it, or nothing if a function can't have them.
pub(super) fn change(edit: Edit) -> Result<(), ControlError> {
    let mut steering = lock();
    let changed = steering.change(edit);
    drop(steering);
    let names = changed.map_err(|faults| ControlError::new(file::spelled(faults)))?;
    named::edit(&names);
    Ok(())
}

/// Reads the environment anew.
pub(super) fn read_environment() {
    let mut steering = lock();
    steering.variables = environment::variables();
    let mut names = steering.names();
    let faults = steering.settle_all();
    names.append(&mut steering.names());
    drop(steering);
    named::edit(&names);
    tell(&faults);
}

/// Tells listeners that the settings of a file are in force.
pub(super) fn tell_loaded(path: &Path) {
    event::emit(|| Event::SettingsLoaded {
        path: path.display().to_string().into(),
    });
}

/// Tells listeners of faults.
pub(super) fn tell(faults: &[ControlFault]) {
    for fault in faults {
        event::emit(|| Event::SettingRefused {
            fault: fault.to_string().into(),
        });
    }
}
