//! The rules for layers that attributes have written, and that other settings have changed since.

use super::checks;
use super::fault::Fault;
use super::layer::Layer;

/// Checks layers, outermost first. How many there may be is no rule here: the attributes have said that.
///
/// # Errors
///
/// Returns the index of the first layer that breaks a rule, and what is wrong with what to write instead.
pub(crate) fn check(layers: &[Layer]) -> Result<(), (usize, String)> {
    for (at, layer) in layers.iter().enumerate() {
        match checks::layer(&layers[..at], layer) {
            None | Some(Fault::TooManyLayers | Fault::TooManyTimeouts) => {}
            Some(fault) => return Err((at, fault.to_string())),
        }
    }
    Ok(())
}
