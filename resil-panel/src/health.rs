//! The stores that gave no answer, as the events tell it.

use std::collections::BTreeMap;

use resil_runtime::event::Event;
#[cfg(feature = "idempotent")]
use resil_runtime::idempotency::{IdempotencyEvent, NotRecordedReason};
use serde::Serialize;

use crate::rows::{Row, json};

/// The most stores that are remembered.
pub(crate) const STORES: usize = 64;

/// The state of the stores, as far as events have told it.
#[derive(Debug, Default)]
pub(crate) struct Health(BTreeMap<String, Store>);

#[derive(Debug, Serialize)]
struct Store {
    id: String,
    /// The store of rate limits, or the name of the function whose keys the store keeps.
    name: String,
    /// `rate_limit` or `idempotency`.
    kind: &'static str,
    /// `away`, or `back` when it has answered since.
    state: &'static str,
    /// The time at which that was noticed last, as the frame's `now` counts.
    at: u64,
    error: Option<String>,
}

impl Health {
    /// Takes in what an event says of a store.
    pub(crate) fn hear(&mut self, at: u64, event: &Event) {
        match event {
            Event::RateLimitStoreAway { store, error, .. } => {
                self.set("rate_limit", store, at, "away", Some(error.clone()));
            }
            Event::RateLimitStoreBack { store, .. } => {
                self.set("rate_limit", store, at, "back", None);
            }
            event => self.hear_of_keys(at, event),
        }
    }

    #[cfg(feature = "idempotent")]
    fn hear_of_keys(&mut self, at: u64, event: &Event) {
        use IdempotencyEvent as What;
        if let Event::Idempotency { name, what, .. } = event {
            let away = match what {
                What::StoreAway => "the store does not answer: calls are refused",
                What::RanOpen => "the store does not answer: bodies run unprotected",
                What::NotRecorded(NotRecordedReason::StoreAway) => {
                    "the store does not answer: a result was not recorded"
                }
                what if is_of_the_key(*what) => return,
                _ if self.0.contains_key(&id("idempotency", name)) => {
                    return self.set("idempotency", name, at, "back", None);
                }
                _ => return,
            };
            self.set("idempotency", name, at, "away", Some(away.to_owned()));
        }
    }

    #[cfg(not(feature = "idempotent"))]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    fn hear_of_keys(&mut self, _: u64, _: &Event) {}

    fn set(
        &mut self,
        kind: &'static str,
        name: &str,
        at: u64,
        state: &'static str,
        error: Option<String>,
    ) {
        let id = id(kind, name);
        if self.0.len() >= STORES && !self.0.contains_key(&id) {
            return;
        }
        let store = Store {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            state,
            at,
            error,
        };
        self.0.insert(id, store);
    }

    /// Returns the stores as rows.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |store: &Store| Row {
            id: store.id.clone(),
            json: json(store),
        };
        self.0.values().map(row).collect()
    }
}

/// Returns the store of which an event says whether it answers: its kind, and its name as a row has it.
pub(crate) fn store_of(event: &Event) -> Option<(&'static str, &str)> {
    match event {
        Event::RateLimitStoreAway { store, .. } | Event::RateLimitStoreBack { store, .. } => {
            Some(("rate_limit", store))
        }
        #[cfg(feature = "idempotent")]
        Event::Idempotency { name, what, .. } if !is_of_the_key(*what) => {
            Some(("idempotency", name))
        }
        _ => None,
    }
}

/// Returns whether it is said before the store is asked.
#[cfg(feature = "idempotent")]
fn is_of_the_key(what: IdempotencyEvent) -> bool {
    use IdempotencyEvent::{InvalidKey, Reentrant, TypeNotInKey, Unnamed};
    matches!(what, Reentrant | InvalidKey | Unnamed | TypeNotInKey)
}

fn id(kind: &str, name: &str) -> String {
    format!("{kind} {name}")
}
