//! The events of settings from outside and of injected faults.

use super::event::event;
#[cfg(feature = "chaos")]
use super::words::fault_word;
use crate::event::kinds::Event;

/// Tells `happened`, an event of the control or of an injected fault, inside the span that is current.
pub(super) fn tell(happened: &Event) {
    match happened {
        #[cfg(feature = "chaos")]
        Event::Injected {
            function,
            fault,
            run,
            ..
        } => {
            event!(DEBUG, "chaos", "injected", "a fault was injected", {
                function, fault = fault_word(*fault), run, call = happened.call().map(display)
            });
        }
        #[cfg(feature = "control")]
        Event::SettingsLoaded { path } => {
            event!(
                INFO,
                "control",
                "settings.loaded",
                "a file of settings has changed and is in force",
                { path = &**path }
            );
        }
        #[cfg(feature = "control")]
        Event::SettingRefused { fault } => {
            event!(
                WARN,
                "control",
                "settings.refused",
                "a setting from outside is left out",
                { fault = &**fault }
            );
        }
        _ => {}
    }
}
