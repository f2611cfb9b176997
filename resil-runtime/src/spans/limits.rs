//! The events of bulkheads, rate limits and retry budgets.

use tracing::field::display;

use super::event::event;
use super::words::ms;
use crate::event::kinds::Event;

/// Tells `happened`, an event of a limit, inside the span that is current.
pub(super) fn tell(happened: &Event) {
    let call = happened.call().map(display);
    match happened {
        Event::BulkheadRefused {
            name, key, limit, ..
        } => {
            event!(DEBUG, "bulkhead", "bulkhead.refused", "refused: no place is free", {
                name, keyed = key.is_some(), limit, error.type = "bulkhead_full", call
            });
        }
        Event::BulkheadLimitChanged {
            name,
            key,
            from,
            to,
        } => {
            event!(INFO, "bulkhead", "bulkhead.limit", "the limit of a bulkhead changed", {
                name, keyed = key.is_some(), from, to
            });
        }
        Event::BulkheadConflict { name, function } => {
            event!(ERROR, "bulkhead", "bulkhead.conflict", "two functions set one bulkhead differently", {
                name, function
            });
        }
        Event::BudgetConflict { name, function } => {
            event!(ERROR, "retry", "budget.conflict", "two functions set one retry budget differently", {
                name, function
            });
        }
        Event::RateLimited {
            name,
            key,
            retry_after,
            ..
        } => {
            event!(DEBUG, "rate_limit", "rate_limit.refused", "refused: too many calls", {
                name, keyed = key.is_some(), retry_after_ms = retry_after.map(ms),
                error.type = "rate_limited", call
            });
        }
        Event::RateLimitStoreAway { store, .. } => {
            event!(
                WARN,
                "rate_limit",
                "rate_limit.store_away",
                "a store of rate limits gives no answer",
                { store = store.as_str() }
            );
        }
        Event::RateLimitStoreBack { store, after } => {
            event!(INFO, "rate_limit", "rate_limit.store_back", "a store of rate limits answers again", {
                store = store.as_str(), after_ms = ms(*after)
            });
        }
        Event::RateLimitConflict { name, function } => {
            event!(ERROR, "rate_limit", "rate_limit.conflict", "two functions set one rate limit differently", {
                name, function
            });
        }
        _ => unreachable!("{happened:?} is no event of a limit"),
    }
}
