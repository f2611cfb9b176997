//! The table of events in `docs/tracing.md`, row by row; and the open spans.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Metadata, Subscriber};

use super::own::Place;
use super::{table, tell};
use crate::call::{CallId, CallNumber};
use crate::event::circuit_state::CircuitState;
use crate::event::level::level_of;
use crate::event::{Event, StopReason};

const DOCS: &str = include_str!("../../../docs/tracing.md");

/// What is in each text, key and name of a store's error: no field may have it.
const CANARY: &str = "canary";

/// Keeps the rows of the table that the events make.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<Vec<String>>>);

/// The sentence of an event, and its fields.
#[derive(Default)]
struct Fields {
    text: String,
    names: Vec<String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}");
        assert!(!value.contains(CANARY), "{field}: {value}");
        match field.name() {
            "message" => self.text = value,
            // One row a word.
            "what" | "error.type" => self
                .names
                .push(format!("`{field}` = {}", value.trim_matches('"'))),
            name => self.names.push(format!("`{name}`")),
        }
    }
}

impl Subscriber for Rows {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let data = event.metadata();
        self.0.lock().unwrap().push(format!(
            "{} | `{}` | `{}` | {} | {} |",
            data.level(),
            data.target(),
            data.name(),
            fields.text,
            fields.names.join(", ")
        ));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn call() -> CallId {
    CallNumber::next().id()
}

/// One event of each kind, with all that it may hold.
#[expect(clippy::too_many_lines, reason = "an event each")]
fn events() -> Vec<Event> {
    let (function, name, time) = ("app::pay", "pay", Duration::from_millis(5));
    let key: Option<Arc<str>> = Some(CANARY.into());
    let error = key.clone();
    let text = CANARY.to_owned();
    let store = "redis".to_owned();
    vec![
        Event::Retry {
            function,
            attempt: 1,
            delay: time,
            error: error.clone(),
            call: call(),
        },
        Event::RetryStopped {
            function,
            attempts: 3,
            reason: StopReason::Exhausted,
            error: error.clone(),
            call: call(),
        },
        Event::RetrySucceeded {
            function,
            attempts: 2,
            call: call(),
        },
        Event::RetryNested {
            function,
            outer: function,
            call: call(),
        },
        Event::BudgetConflict { name, function },
        Event::TimedOut {
            function,
            limit: time,
            call: call(),
        },
        Event::Hedged {
            function,
            copy: 2,
            call: call(),
        },
        Event::HedgeWon {
            function,
            copy: 2,
            call: call(),
        },
        Event::CircuitChanged {
            name,
            key: key.clone(),
            from: CircuitState::Closed,
            to: CircuitState::Open,
            call: Some(call()),
        },
        Event::CircuitRefused {
            name,
            key: key.clone(),
            call: Some(call()),
        },
        Event::CircuitReentered {
            name,
            function,
            outer: function,
        },
        Event::CircuitConflict { name, function },
        Event::BulkheadRefused {
            name,
            key: key.clone(),
            limit: 4,
            call: Some(call()),
        },
        Event::BulkheadLimitChanged {
            name,
            key: key.clone(),
            from: 4,
            to: 5,
        },
        Event::BulkheadConflict { name, function },
        Event::RateLimited {
            name,
            key,
            retry_after: Some(time),
            call: Some(call()),
        },
        Event::RateLimitStoreAway {
            store: store.clone(),
            error: text.clone(),
        },
        Event::RateLimitStoreBack {
            store: store.clone(),
            after: time,
        },
        Event::RateLimitConflict { name, function },
        Event::FellBack {
            function,
            error,
            call: call(),
        },
        Event::WaitCancelled {
            name,
            reason: StopReason::Cancelled,
            call: Some(call()),
        },
        Event::WorkerBlocked {
            function,
            wait: Some(time),
            call: call(),
        },
        #[cfg(feature = "edge")]
        Event::HeaderIgnored {
            header: "grpc-timeout".into(),
        },
        #[cfg(feature = "chaos")]
        Event::Injected {
            function,
            fault: crate::event::injected::InjectedFault::Error,
            run: 3,
            call: call(),
        },
        #[cfg(feature = "control")]
        Event::SettingsLoaded {
            path: "resil.toml".into(),
        },
        #[cfg(feature = "control")]
        Event::SettingRefused {
            fault: "resil.toml:3: `max` is at least 1".into(),
        },
        #[cfg(feature = "idempotent")]
        Event::IdempotencyStore {
            store,
            finding: "fsync is off".into(),
        },
    ]
}

#[cfg(feature = "idempotent")]
fn idempotency() -> Vec<Event> {
    use crate::event::idempotency::{IdempotencyEvent as What, NotRecordedReason};
    let all = [
        What::Replayed,
        What::Waiting,
        What::InProgress,
        What::KeyReused,
        What::Reentrant,
        What::Indeterminate,
        What::InvalidKey,
        What::Full,
        What::Released,
        What::Abandoned,
        What::TakenOver,
        What::LeaseLost,
        What::NotRecorded(NotRecordedReason::TooLarge),
        What::NotStored,
        What::Undecodable,
        What::StoreAway,
        What::RanOpen,
        What::Unnamed,
        What::TypeNotInKey,
        What::Evicted,
    ];
    let event = |what| Event::Idempotency {
        name: "pay",
        what,
        key: 7,
        call: Some(call()),
    };
    all.map(event).into()
}

/// Returns the name of an event. A new one does not compile before it has a row here.
fn kind(event: &Event) -> String {
    let kind = match event {
        Event::Retry { .. } => "Retry",
        Event::RetryStopped { .. } => "RetryStopped",
        Event::RetrySucceeded { .. } => "RetrySucceeded",
        Event::RetryNested { .. } => "RetryNested",
        Event::TimedOut { .. } => "TimedOut",
        Event::Hedged { .. } => "Hedged",
        Event::HedgeWon { .. } => "HedgeWon",
        Event::CircuitChanged { .. } => "CircuitChanged",
        Event::CircuitRefused { .. } => "CircuitRefused",
        Event::CircuitReentered { .. } => "CircuitReentered",
        Event::CircuitConflict { .. } => "CircuitConflict",
        Event::BulkheadRefused { .. } => "BulkheadRefused",
        Event::BulkheadLimitChanged { .. } => "BulkheadLimitChanged",
        Event::BulkheadConflict { .. } => "BulkheadConflict",
        Event::BudgetConflict { .. } => "BudgetConflict",
        Event::RateLimited { .. } => "RateLimited",
        Event::RateLimitStoreAway { .. } => "RateLimitStoreAway",
        Event::RateLimitStoreBack { .. } => "RateLimitStoreBack",
        Event::RateLimitConflict { .. } => "RateLimitConflict",
        Event::WaitCancelled { .. } => "WaitCancelled",
        Event::FellBack { .. } => "FellBack",
        Event::WorkerBlocked { .. } => "WorkerBlocked",
        #[cfg(feature = "edge")]
        Event::HeaderIgnored { .. } => "HeaderIgnored",
        #[cfg(feature = "chaos")]
        Event::Injected { .. } => "Injected",
        #[cfg(feature = "control")]
        Event::SettingsLoaded { .. } => "SettingsLoaded",
        #[cfg(feature = "control")]
        Event::SettingRefused { .. } => "SettingRefused",
        #[cfg(feature = "idempotent")]
        Event::Idempotency { what, .. } => return format!("`Idempotency`, `{what:?}`"),
        #[cfg(feature = "idempotent")]
        Event::IdempotencyStore { .. } => "IdempotencyStore",
    };
    format!("`{kind}`")
}

/// Returns the rows that `events` make.
fn rows(events: &[Event]) -> Vec<String> {
    let rows = Rows::default();
    tracing::dispatcher::with_default(&Dispatch::new(rows.clone()), || {
        events.iter().for_each(tell);
    });
    let told = rows.0.lock().unwrap();
    assert_eq!(told.len(), events.len(), "{told:?}");
    let both = events.iter().zip(&*told);
    both.map(|(event, row)| {
        let kind = kind(event);
        let level = level_of(event).word().to_uppercase();
        assert!(
            row.starts_with(&format!("{level} |")),
            "{kind}: {level}, {row}"
        );
        format!("| {kind} | {row}")
    })
    .collect()
}

/// The docs have the very rows that the code makes, and no others.
#[cfg(feature = "idempotent")]
#[test]
fn the_docs_have_a_row_for_each_event() {
    let mut all = rows(&events());
    all.extend(rows(&idempotency()));
    let is_row = |line: &&str| {
        ["DEBUG", "INFO", "WARN", "ERROR"]
            .iter()
            .any(|l| line.contains(&format!("| {l} | `resil::")))
    };
    let docs: Vec<_> = DOCS.lines().filter(is_row).collect();
    assert_eq!(docs, all, "write into docs/tracing.md:\n{}", all.join("\n"));
}

/// Each reason why a result was not recorded is a word.
#[test]
fn words() {
    use super::words::ms;
    let reasons = [
        StopReason::Exhausted,
        StopReason::Final,
        StopReason::Within,
        StopReason::Deadline,
        StopReason::Budget,
        StopReason::AskedLonger,
        StopReason::Nested,
        StopReason::Cancelled,
        StopReason::Shutdown,
    ];
    let states = [
        CircuitState::Closed,
        CircuitState::Open,
        CircuitState::HalfOpen,
        CircuitState::ForcedOpen,
        CircuitState::Disabled,
    ];
    let mut words: Vec<_> = reasons.map(StopReason::word).into();
    words.extend(states.map(CircuitState::word));
    for word in &words {
        assert!(
            DOCS.contains(&format!("`{word}`")),
            "{word} is not in docs/tracing.md"
        );
        assert_eq!(words.iter().filter(|w| w == &word).count(), 1, "{word}");
    }
    assert!((ms(Duration::from_micros(1_500)) - 1.5).abs() < 1e-9);
    assert!(ms(Duration::MAX).is_finite());
}

#[test]
fn the_span_of_a_call_is_found_until_it_is_closed() {
    let subscriber = Dispatch::new(Rows::default());
    let span = tracing::dispatcher::with_default(&subscriber, || tracing::info_span!("call"));
    let place = Place::of(&span).unwrap();
    let (first, second) = (call(), call());
    table::open(first, place.clone());
    table::open(second, place);
    assert_eq!(table::find(first).unwrap().id(), &Id::from_u64(1));
    table::close(first);
    assert!(table::find(first).is_none());
    assert!(table::find(second).is_some());
    table::close(second);
    table::close(second);
    assert!(table::find(second).is_none());
}
