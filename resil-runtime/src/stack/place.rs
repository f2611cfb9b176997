//! The state of a policy that is run without a name: it belongs to the place in the source.
//!
//! A place is found without a lock. The table is of a fixed size; in a program with more places the
//! others are behind a lock.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::state::State;

/// The number of places that are found without a lock.
const PLACES: usize = 1_024;

/// The number of slots that are looked at before the lock is taken.
const PROBED: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Entry {
    place: &'static Location<'static>,
    state: &'static State,
}

static TABLE: [OnceLock<Entry>; PLACES] = [const { OnceLock::new() }; PLACES];

/// Returns the state of a place, and makes it if there is none.
pub(super) fn state_of(place: &'static Location<'static>) -> &'static State {
    let first = hash(place);
    for probe in 0..PROBED {
        let slot = &TABLE[(first + probe) % PLACES];
        let entry = slot.get_or_init(|| Entry {
            place,
            state: make(place),
        });
        // Compared by content: the compiler may place one location several times.
        if entry.place == place {
            return entry.state;
        }
    }
    locked(place)
}

fn hash(place: &Location<'_>) -> usize {
    let (line, column) = (place.line() as usize, place.column() as usize);
    let name = place.file().len();
    (line.wrapping_mul(31) + column).wrapping_mul(31) + name.wrapping_mul(131)
}

#[cold]
fn locked(place: &'static Location<'static>) -> &'static State {
    static REST: OnceLock<Mutex<HashMap<Location<'static>, &'static State>>> = OnceLock::new();
    let mut rest = REST
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    rest.entry(*place).or_insert_with(|| make(place))
}

/// Makes the state of a place. It is shown as `src/pay.rs:12:5`.
#[cold]
fn make(place: &Location<'_>) -> &'static State {
    State::leak(None, Box::leak(place.to_string().into_boxed_str()))
}
