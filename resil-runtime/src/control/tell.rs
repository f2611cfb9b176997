//! What listeners are told of settings.

use std::path::Path;

use super::origin::ControlFault;
use crate::event::{self, Event};

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
