//! The events of `#[idempotent]`.
//!
//! A key has no part in them, and neither has its hash: there are few enough keys of some kinds to try
//! them all.

use tracing::field::display;

use super::event::event;
use crate::call::CallId;
use crate::event::idempotency::{IdempotencyEvent, NotRecordedReason};
use crate::event::level::{Level, level_of_key};

/// Tells what happened to a key of `name`, inside the span that is current.
pub(super) fn tell(name: &'static str, what: IdempotencyEvent, call: Option<CallId>) {
    let call = call.map(display);
    let (word, text) = words(what);
    let refusal = what.refuses().then_some(word);
    let reason = match what {
        IdempotencyEvent::NotRecorded(reason) => Some(reason_word(reason)),
        _ => None,
    };
    macro_rules! at {
        ($level:ident) => {
            event!($level, "idempotent", "idempotent", text, {
                name, what = word, reason, error.type = refusal, call
            })
        };
    }
    match level_of_key(what) {
        Level::Debug => at!(DEBUG),
        Level::Info => at!(INFO),
        Level::Warn => at!(WARN),
        Level::Error => at!(ERROR),
    }
}

/// Returns the level of an event, the word for it and the sentence that it says.
///
/// An error is what only another program or another set-up can end, or what may have been done twice.
fn words(what: IdempotencyEvent) -> (&'static str, &'static str) {
    use IdempotencyEvent as What;
    match what {
        What::Replayed => ("replayed", "a recorded result was returned"),
        What::Waiting => ("waiting", "a call waits for the one that has its key"),
        What::InProgress => ("in_progress", "refused: the key is in use"),
        What::KeyReused => (
            "key_reused",
            "refused: the key came again with another fingerprint",
        ),
        What::Reentrant => (
            "reentrant",
            "refused: a body asked for the key that it holds itself",
        ),
        What::Indeterminate => (
            "indeterminate",
            "refused: nobody knows how far the last call with this key has come",
        ),
        What::InvalidKey => ("invalid_key", "refused: the key is not valid"),
        What::Full => ("full", "refused: the store is full of claims in progress"),
        What::Released => ("released", "an error freed the key"),
        What::Abandoned => ("abandoned", "a claim was abandoned by its owner"),
        What::TakenOver => (
            "taken_over",
            "an abandoned claim was taken over: the body runs again",
        ),
        What::LeaseLost => (
            "lease_lost",
            "a call found its key taken over while it was running",
        ),
        What::NotRecorded(_) => ("not_recorded", "a result was not recorded"),
        What::NotStored => (
            "not_stored",
            "refused: the key is done, and its result was not recorded",
        ),
        What::Undecodable => (
            "undecodable",
            "refused: the recorded result does not decode",
        ),
        What::StoreAway => ("store_away", "refused: the store gives no answer"),
        What::RanOpen => (
            "ran_open",
            "the store gives no answer, and the body runs unprotected",
        ),
        What::Unnamed => (
            "unnamed",
            "refused: this store needs a function with a `name`",
        ),
        What::TypeNotInKey => (
            "type_not_in_key",
            "refused: the key does not say for which type the function runs",
        ),
        What::Evicted => (
            "evicted",
            "the store was full and forgot a result before its time",
        ),
    }
}

fn reason_word(reason: NotRecordedReason) -> &'static str {
    match reason {
        NotRecordedReason::TooLarge => "too_large",
        NotRecordedReason::NotEncodable => "not_encodable",
        NotRecordedReason::Unfaithful => "unfaithful",
        NotRecordedReason::NoRoom => "no_room",
        NotRecordedReason::StoreAway => "store_away",
    }
}
