//! The rules for layers that attributes have written, and that other settings have changed since.

use super::checks;
use super::layer::Layer;

/// Checks layers, outermost first. How many there may be is no rule here: the attributes have said that.
///
/// # Errors
///
/// Returns the index of the first layer that breaks a rule, and what is wrong with what to write instead.
pub(crate) fn check(layers: &[Layer]) -> Result<(), (usize, String)> {
    for (at, layer) in layers.iter().enumerate() {
        if let Some(fault) = checks::rules(&layers[..at], layer) {
            return Err((at, fault.to_string()));
        }
    }
    Ok(())
}
