//! The events of circuits.

use tracing::field::display;

use super::event::event;
use crate::event::kinds::Event;

/// Tells `happened`, an event of a circuit, inside the span that is current.
pub(super) fn tell(happened: &Event) {
    let call = happened.call().map(display);
    match happened {
        Event::CircuitChanged {
            name,
            key,
            from,
            to,
            ..
        } => {
            event!(WARN, "circuit", "circuit.changed", "a breaker changed its state", {
                name, keyed = key.is_some(), from = from.word(), to = to.word(), call
            });
        }
        Event::CircuitRefused { name, key, .. } => {
            event!(DEBUG, "circuit", "circuit.refused", "refused: the breaker is open", {
                name, keyed = key.is_some(), error.type = "circuit_open", call
            });
        }
        Event::CircuitReentered {
            name,
            function,
            outer,
        } => {
            event!(WARN, "circuit", "circuit.reentered", "a function runs under a permit of its own breaker", {
                name, function, outer
            });
        }
        Event::CircuitConflict { name, function } => {
            event!(ERROR, "circuit", "circuit.conflict", "two functions set one breaker differently", {
                name, function
            });
        }
        _ => unreachable!("{happened:?} is no event of a circuit"),
    }
}
