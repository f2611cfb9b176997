//! The names, units and descriptions of all metrics.

use metrics::{Recorder, Unit};

pub(super) const CALLS: &str = "resil_calls_total";
pub(super) const ATTEMPTS: &str = "resil_attempts_total";
pub(super) const STOPPED: &str = "resil_retries_stopped_total";
pub(super) const TIMEOUTS: &str = "resil_timeouts_total";
pub(super) const REFUSALS: &str = "resil_refusals_total";
pub(super) const REPLAYS: &str = "resil_replays_total";
pub(super) const CIRCUIT_STATE: &str = "resil_circuit_state";
pub(super) const CIRCUIT_KEYS: &str = "resil_circuit_keys";
pub(super) const IN_FLIGHT: &str = "resil_in_flight";
pub(super) const QUEUED: &str = "resil_queued";
pub(super) const BUDGET_TOKENS: &str = "resil_budget_tokens";
pub(super) const CALL_SECONDS: &str = "resil_call_seconds";

const COUNTERS: [(&str, &str); 6] = [
    (CALLS, "Calls that have ended, by outcome."),
    (ATTEMPTS, "Runs of the body that have begun."),
    (
        STOPPED,
        "Failed attempts that no other one followed, by reason.",
    ),
    (
        TIMEOUTS,
        "Limits that have passed, over an attempt or a whole call.",
    ),
    (
        REFUSALS,
        "Calls that a policy has refused, by the policy and its name.",
    ),
    (
        REPLAYS,
        "Calls that returned the recorded outcome of an earlier one.",
    ),
];

const GAUGES: [(&str, &str); 5] = [
    (
        CIRCUIT_STATE,
        "State of a circuit breaker: 0 closed, 1 half-open, 2 open, 3 forced open, 4 disabled.",
    ),
    (CIRCUIT_KEYS, "Circuit breakers of keys, by state."),
    (IN_FLIGHT, "Calls that have begun and not ended."),
    (QUEUED, "Calls that wait for a place in a bulkhead."),
    (BUDGET_TOKENS, "Tokens left in a retry budget."),
];

/// Describes all metrics to `recorder`.
pub(super) fn describe(recorder: &dyn Recorder) {
    for (name, text) in COUNTERS {
        recorder.describe_counter(name.into(), Some(Unit::Count), text.into());
    }
    for (name, text) in GAUGES {
        recorder.describe_gauge(name.into(), Some(Unit::Count), text.into());
    }
    recorder.describe_histogram(
        CALL_SECONDS.into(),
        Some(Unit::Seconds),
        "Times of calls, from the first poll to the outcome.".into(),
    );
}
