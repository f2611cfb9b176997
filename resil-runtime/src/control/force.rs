//! The circuits of a name, forced by hand.

use resil_language::nearest::nearest;

use super::handle::NameControl;
use super::origin::{ControlError, Origin, help};
use super::setting::Target;
use crate::circuit::breaker::BreakerCore;
use crate::circuit::identity::Forced;
use crate::named::{Named, Shared};

/// Writes methods that change the breaker of the name and those of its keys.
macro_rules! by_force {
    ($($(#[$meta:meta])* $name:ident: $forced:ident;)*) => {
        impl NameControl {
            $(
                $(#[$meta])*
                ///
                /// It is for the breaker of the name and for those of its keys: what
                /// [`Breaker`](crate::Breaker) does for each by itself. Keys that come later begin as
                /// the last of these methods has left the name. A key that is changed by its own
                /// handle after that keeps its state until the next one.
                ///
                /// # Errors
                ///
                /// Returns the nearest name, if there is no breaker of this one.
                pub fn $name(&self) -> Result<(), ControlError> {
                    let breaker = self.breaker()?;
                    // Before it looks for keys: those that it does not find begin so.
                    breaker.shared_name().force(Forced::$forced);
                    breaker.$name();
                    for key in breaker.of_all_keys() {
                        key.$name();
                    }
                    Ok(())
                }
            )*
        }
    };
}

by_force! {
    /// Opens the circuit until another manual change.
    force_open: Open;
    /// Closes the circuit, with nothing counted.
    force_close: No;
    /// Lets all calls pass and counts nothing, until another manual change.
    disable: Disabled;
    /// Resets the circuit: closed, nothing counted, no growth of the open time.
    reset: No;
}

impl NameControl {
    fn breaker(&self) -> Result<&'static Named<BreakerCore>, ControlError> {
        let Target::Name(name) = &self.0 else {
            unreachable!("the target of a name is one")
        };
        BreakerCore::names().find(name).ok_or_else(|| {
            let known = BreakerCore::names().snapshot(Shared::name);
            let instead = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a circuit is there once a function of it was called".to_owned(),
            };
            let message = help(format!("there is no circuit `{name}`"), instead);
            ControlError::one(Origin::Hand, self.0.to_string(), message)
        })
    }
}
