//! The table of events: what each [`Event`] is among the events of tracing.
//!
//! The levels are those of [`level`](crate::event::level).
//!
//! No field has what the user's data is: the text of an error, a key, an argument.

use tracing::field::display;

#[cfg(feature = "edge")]
use super::edge;
use super::event::event;
#[cfg(feature = "idempotent")]
use super::idempotency;
#[cfg(feature = "control")]
use super::steering;
use super::words::ms;
use super::{circuits, limits, table};
use crate::event::kinds::Event;

/// Tells `happened` to the subscriber: inside the span of its call, or inside the one that is current here.
#[cold]
pub(crate) fn tell(happened: &Event) {
    match happened.call().and_then(table::find) {
        // It is entered and not named as the parent: a layer that does not take this span then finds the
        // one around it.
        Some(place) => place.inside(|| tell_here(happened)),
        None => tell_here(happened),
    }
}

fn tell_here(happened: &Event) {
    let call = happened.call().map(display);
    match happened {
        Event::Retry {
            function,
            attempt,
            delay,
            ..
        } => {
            event!(DEBUG, "retry", "retry", "an attempt failed and another one follows", {
                function, attempt, delay_ms = ms(*delay), call
            });
        }
        Event::RetryStopped {
            function,
            attempts,
            reason,
            ..
        } => {
            event!(WARN, "retry", "retry.stopped", "no further attempt", {
                function, attempts, reason = reason.word(), call
            });
        }
        Event::RetrySucceeded {
            function, attempts, ..
        } => {
            event!(DEBUG, "retry", "retry.succeeded", "an attempt succeeded after others had failed", {
                function, attempts, call
            });
        }
        Event::RetryNested {
            function, outer, ..
        } => {
            event!(DEBUG, "retry", "retry.nested", "a retry runs under another one: attempts multiply", {
                function, outer, call
            });
        }
        Event::TimedOut {
            function, limit, ..
        } => {
            event!(DEBUG, "timeout", "timeout", "the limit has passed", {
                function, limit_ms = ms(*limit), error.type = "timeout", call
            });
        }
        Event::Hedged { function, copy, .. } => {
            event!(DEBUG, "hedge", "hedge.started", "a further copy of the call was started", {
                function, copy, call
            });
        }
        Event::HedgeWon { function, copy, .. } => {
            event!(DEBUG, "hedge", "hedge.won", "a copy of the call has answered", {
                function, copy, call
            });
        }
        Event::CircuitChanged { .. }
        | Event::CircuitRefused { .. }
        | Event::CircuitReentered { .. }
        | Event::CircuitConflict { .. } => circuits::tell(happened),
        Event::FellBack { function, .. } => {
            event!(DEBUG, "fallback", "fallback", "a fallback takes the place of an error", {
                function, call
            });
        }
        Event::WaitCancelled { name, reason, .. } => {
            event!(DEBUG, "cancel", "wait.cancelled", "refused: the wait was ended from outside", {
                name, error.type = reason.word(), call
            });
        }
        Event::WorkerBlocked { function, wait, .. } => {
            event!(WARN, "blocking", "worker.blocked", "a function that is not async blocks a thread of tokio", {
                function, wait_ms = wait.map(ms), call
            });
        }
        #[cfg(feature = "edge")]
        Event::HeaderIgnored { header } => edge::tell_ignored(header),
        #[cfg(feature = "chaos")]
        Event::Injected { .. } => steering::tell(happened),
        #[cfg(feature = "control")]
        Event::SettingsLoaded { .. } | Event::SettingRefused { .. } => steering::tell(happened),
        #[cfg(feature = "idempotent")]
        Event::Idempotency {
            name, what, call, ..
        } => {
            idempotency::tell(name, *what, *call);
        }
        #[cfg(feature = "idempotent")]
        Event::IdempotencyStore { store, finding } => {
            event!(WARN, "idempotent", "idempotent.store", "a store is not set up as it should be", {
                store = store.as_str(), finding = finding.as_str()
            });
        }
        Event::BulkheadRefused { .. }
        | Event::BulkheadLimitChanged { .. }
        | Event::BulkheadConflict { .. }
        | Event::BudgetConflict { .. }
        | Event::RateLimited { .. }
        | Event::RateLimitStoreAway { .. }
        | Event::RateLimitStoreBack { .. }
        | Event::RateLimitConflict { .. } => limits::tell(happened),
    }
}
