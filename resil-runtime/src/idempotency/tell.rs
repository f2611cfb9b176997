//! How the events of idempotency reach the listeners of [`crate::event`].

use crate::event::idempotency::IdempotencyEvent;
use crate::event::{CallId, Event, emit};

/// Tells the listeners what a call of `name` did, or what the store did by itself. `key` is the part
/// of the key's hash that events show.
pub fn tell(
    name: &'static str,
    what: IdempotencyEvent,
    key: u32,
    call: impl FnOnce() -> Option<CallId>,
) {
    emit(|| Event::Idempotency {
        name,
        what,
        key,
        call: call(),
    });
}

/// Tells the listeners what a store has found out about its own settings.
pub fn tell_finding(store: &str, finding: &str) {
    emit(|| Event::IdempotencyStore {
        store: store.to_owned(),
        finding: finding.to_owned(),
    });
}
