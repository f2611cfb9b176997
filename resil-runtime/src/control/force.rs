//! The circuits of a name, forced by hand.

use resil_language::nearest::nearest;

use super::handle::NameControl;
use super::origin::{ControlError, Origin, help};
use super::setting::Target;
use crate::circuit::breaker::BreakerCore;
use crate::named::{Named, Shared};

/// Writes methods that change the breaker of the name and those of its keys.
macro_rules! by_force {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        impl NameControl {
            $(
                $(#[$meta])*
                ///
                /// It is for the breaker of the name and for those of its keys: what
                /// [`Breaker`](crate::Breaker) does for each by itself.
                ///
                /// # Errors
                ///
                /// Returns the nearest name, if there is no breaker of this one.
                pub fn $name(&self) -> Result<(), ControlError> {
                    let breaker = self.breaker()?;
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
    force_open;
    /// Closes the circuit, with nothing counted.
    force_close;
    /// Lets all calls pass and counts nothing, until another manual change.
    disable;
    /// Resets the circuit: closed, nothing counted, no growth of the open time.
    reset;
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
