//! The ways in which settings come into force: a function is called for the first time, or something is
//! changed from outside.

use super::environment;
use super::file;
use super::named;
use super::origin::ControlError;
use super::site::ControlSite;
use super::steering::{Edit, lock};
use super::tell::tell;
use super::written::Written;

/// Notes an instance of a function that is called for the first time, and puts its settings in force. A
/// setting that it can't have is left out and told.
pub(super) fn register(site: &'static ControlSite, written: &'static [Written]) {
    // The name is claimed before the lock is taken.
    let name = site.site().name();
    let mut steering = lock();
    let faults = steering.add(site, name, written);
    let names = steering.names_with(name, written);
    // A variable may be for a state that comes later.
    let is_needed = !names.is_empty() || !steering.variables.is_empty();
    drop(steering);
    named::begin();
    if is_needed {
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
