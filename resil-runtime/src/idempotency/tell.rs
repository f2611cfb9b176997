//! Hands the events of idempotency to the listeners of [`crate::event`].

use crate::event::idempotency::IdempotencyEvent;
use crate::event::{CallId, Event, emit};

/// Tells the listeners what happened to a key of `name`: what a call did, or what the store did by
/// itself, and then `call` returns `None`. `key` is the part of the key's hash that events show.
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

/// Tells the listeners one finding of a store's check of its own settings.
pub fn tell_finding(store: &str, finding: &str) {
    emit(|| Event::IdempotencyStore {
        store: store.to_owned(),
        finding: finding.to_owned(),
    });
}
