//! Writes what was counted to a recorder.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};

use super::names::{
    ATTEMPTS, BUDGET_TOKENS, CALL_SECONDS, CALLS, CIRCUIT_KEYS, CIRCUIT_STATE, IN_FLIGHT, QUEUED,
    REFUSALS, REPLAYS, STOPPED, TIMEOUTS,
};
use crate::event::circuit_state::CircuitState;
use crate::named::registry;
use crate::observe::count::Count;
use crate::observe::history::Counted;
use crate::observe::outcome::CallOutcome;
use crate::observe::refusals;
use crate::observe::times;
use crate::retry::levels;

static METADATA: Metadata<'static> = Metadata::new("resil", Level::INFO, Some("resil"));

type LabelOf = (&'static str, &'static str);

fn key<const N: usize>(name: &'static str, labels: [LabelOf; N]) -> Key {
    let labels = labels.map(|(label, value)| Label::from_static_parts(label, value));
    Key::from_parts(name, labels.to_vec())
}

fn counter<const N: usize>(to: &dyn Recorder, name: &'static str, labels: [LabelOf; N]) -> Counter {
    to.register_counter(&key(name, labels), &METADATA)
}

fn gauge<const N: usize>(to: &dyn Recorder, name: &'static str, labels: [LabelOf; N]) -> Gauge {
    to.register_gauge(&key(name, labels), &METADATA)
}

/// Writes what one function has counted since the start. `times` has the times that the recorder has not
/// got yet, as numbers of calls by bucket.
pub(super) fn function(
    to: &dyn Recorder,
    function: &'static str,
    in_flight: u64,
    counted: &Counted,
    times: impl Iterator<Item = (usize, u64)>,
) {
    let of = |what: Count| counted.counts[what as usize];
    let label = ("function", function);
    for outcome in CallOutcome::ALL {
        let labels = [label, ("outcome", outcome.word())];
        counter(to, CALLS, labels).absolute(of(outcome.count()));
    }
    counter(to, ATTEMPTS, [label]).absolute(of(Count::Attempt));
    counter(to, TIMEOUTS, [label]).absolute(of(Count::LimitPassed));
    counter(to, REPLAYS, [label]).absolute(of(Count::Replayed));
    // All reasons from the first retry or stop on, so that each series begins at zero.
    let stops = Count::STOPS.map(|reason| of(Count::stopped(reason)));
    if of(Count::Retry) + stops.iter().sum::<u64>() > 0 {
        for (reason, stops) in Count::STOPS.into_iter().zip(stops) {
            counter(to, STOPPED, [label, ("reason", reason.word())]).absolute(stops);
        }
    }
    gauge(to, IN_FLIGHT, [label]).set(in_flight as f64);
    let histogram: Histogram = to.register_histogram(&key(CALL_SECONDS, [label]), &METADATA);
    for (bucket, calls) in times {
        let seconds = Duration::from_nanos(times::middle(bucket)).as_secs_f64();
        histogram.record_many(seconds, usize::try_from(calls).unwrap_or(usize::MAX));
    }
}

/// Writes what belongs to names: refusals, circuits, queues, budgets.
pub(super) fn names(to: &dyn Recorder) {
    for ((policy, name), refused) in refusals::all() {
        counter(to, REFUSALS, [("policy", policy), ("name", name)]).absolute(refused);
    }
    circuits(to);
    let mut queued: BTreeMap<&'static str, usize> = BTreeMap::new();
    for bulkhead in registry().bulkheads() {
        *queued.entry(bulkhead.name).or_default() += bulkhead.waiting;
    }
    for (name, waiting) in queued {
        gauge(to, QUEUED, [("name", name)]).set(waiting as f64);
    }
    for (name, tokens) in levels() {
        gauge(to, BUDGET_TOKENS, [("name", name)]).set(f64::from(tokens));
    }
}

/// The states in the order of their numbers.
const STATES: [CircuitState; 5] = [
    CircuitState::Closed,
    CircuitState::HalfOpen,
    CircuitState::Open,
    CircuitState::ForcedOpen,
    CircuitState::Disabled,
];

/// Returns the number of a state, and its index among [`STATES`].
fn number(state: CircuitState) -> u8 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::HalfOpen => 1,
        CircuitState::Open => 2,
        CircuitState::ForcedOpen => 3,
        CircuitState::Disabled => 4,
    }
}

fn circuits(to: &dyn Recorder) {
    let mut keys: BTreeMap<&'static str, [u32; STATES.len()]> = BTreeMap::new();
    for breaker in registry().snapshot() {
        let state = number(breaker.state);
        if breaker.key.is_none() {
            gauge(to, CIRCUIT_STATE, [("name", breaker.name)]).set(f64::from(state));
        } else {
            keys.entry(breaker.name).or_default()[usize::from(state)] += 1;
        }
    }
    for (name, counts) in keys {
        for (state, count) in STATES.into_iter().zip(counts) {
            let labels = [("name", name), ("state", state.word())];
            gauge(to, CIRCUIT_KEYS, labels).set(f64::from(count));
        }
    }
}
