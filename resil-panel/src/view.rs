//! The state of all policies as rows of JSON.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::circuit::{CircuitState, Counts};
use resil_runtime::registry::{BreakerSnapshot, BulkheadSnapshot, RateLimitSnapshot, registry};
use serde::Serialize;

use crate::rows::{Row, json};
use crate::words;

/// The most keys of one kind of policy that are shown, over all names. The names themselves always are.
const KEYS: usize = 500;

#[derive(Serialize)]
struct Circuit<'a> {
    name: &'a str,
    key: Option<&'a str>,
    state: &'static str,
    retry_in_ms: Option<u64>,
    calls: u64,
    failures: u64,
    slow: u64,
    failures_in_a_row: u32,
    probes_out: u32,
    probes_succeeded: u32,
}

#[derive(Serialize)]
struct Bulkhead<'a> {
    name: &'a str,
    key: Option<&'a str>,
    limit: u32,
    in_flight: u32,
    waiting: usize,
}

#[derive(Serialize)]
struct RateLimit<'a> {
    name: &'a str,
    key: Option<&'a str>,
    max: Option<u32>,
    per_ms: Option<u64>,
    burst: Option<u32>,
    available: u32,
    next_in_ms: u64,
}

#[derive(Serialize)]
struct Conflict<'a> {
    kind: String,
    name: &'a str,
    used: &'a str,
    ignored: &'a str,
}

/// Returns the text that tells a name, or one of its keys, from all others.
pub(crate) fn id(name: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{name}\u{1f}{key}"),
        None => name.to_owned(),
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A row with the text that tells it from all others.
#[derive(Serialize)]
struct Identified<'a, J> {
    id: &'a str,
    #[serde(flatten)]
    of: J,
}

fn row(id: String, of: impl Serialize) -> Row {
    let json = json(&Identified { id: &id, of });
    Row { id, json }
}

/// Returns at most [`KEYS`] of the keyed states in `all`, those first that have something to show, and
/// all that have no key; in their order.
fn shown<S>(all: Vec<S>, key: fn(&S) -> Option<&Arc<str>>, is_quiet: fn(&S) -> bool) -> Vec<S> {
    let loud = all
        .iter()
        .filter(|s| key(s).is_some() && !is_quiet(s))
        .count();
    let (mut loud, mut quiet) = (loud.min(KEYS), KEYS.saturating_sub(loud));
    let mut kept = all;
    kept.retain(|state| {
        let left = match (key(state), is_quiet(state)) {
            (None, _) => return true,
            (Some(_), true) => &mut quiet,
            (Some(_), false) => &mut loud,
        };
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    });
    kept
}

/// Reads all breakers.
pub(crate) fn circuits() -> Vec<Row> {
    let is_quiet =
        |b: &BreakerSnapshot| b.state == CircuitState::Closed && b.counts == Counts::default();
    let all = shown(registry().snapshot(), |b| b.key.as_ref(), is_quiet);
    all.iter().map(circuit).collect()
}

fn circuit(b: &BreakerSnapshot) -> Row {
    row(
        id(b.name, b.key.as_deref()),
        Circuit {
            name: b.name,
            key: b.key.as_deref(),
            state: words::state(b.state),
            retry_in_ms: b.retry_in.map(ms),
            calls: b.counts.calls,
            failures: b.counts.failures,
            slow: b.counts.slow,
            failures_in_a_row: b.counts.failures_in_a_row,
            probes_out: b.counts.probes_out,
            probes_succeeded: b.counts.probes_succeeded,
        },
    )
}

/// Reads all bulkheads.
pub(crate) fn bulkheads() -> Vec<Row> {
    let is_quiet = |b: &BulkheadSnapshot| b.in_flight == 0 && b.waiting == 0;
    let all = shown(registry().bulkheads(), |b| b.key.as_ref(), is_quiet);
    let bulkhead = |b: BulkheadSnapshot| {
        row(
            id(b.name, b.key.as_deref()),
            Bulkhead {
                name: b.name,
                key: b.key.as_deref(),
                limit: b.limit,
                in_flight: b.in_flight,
                waiting: b.waiting,
            },
        )
    };
    all.into_iter().map(bulkhead).collect()
}

/// Reads all rate limits.
pub(crate) fn rate_limits() -> Vec<Row> {
    let is_quiet = |l: &RateLimitSnapshot| l.settings.is_none_or(|s| l.available >= s.burst);
    let all = shown(registry().rate_limits(), |l| l.key.as_ref(), is_quiet);
    let rate_limit = |l: RateLimitSnapshot| {
        row(
            id(l.name, l.key.as_deref()),
            RateLimit {
                name: l.name,
                key: l.key.as_deref(),
                max: l.settings.map(|s| s.max),
                per_ms: l.settings.map(|s| ms(s.per)),
                burst: l.settings.map(|s| s.burst),
                available: l.available,
                next_in_ms: ms(l.next_in),
            },
        )
    };
    all.into_iter().map(rate_limit).collect()
}

/// Reads the settings that are not used.
pub(crate) fn conflicts() -> Vec<Row> {
    let conflict = |c: resil_runtime::registry::Conflict| {
        let kind = words::snake(&format!("{:?}", c.kind));
        let id = format!("{kind} {} {}", c.name, c.ignored);
        row(
            id,
            Conflict {
                kind,
                name: c.name,
                used: c.used,
                ignored: c.ignored,
            },
        )
    };
    registry().conflicts().into_iter().map(conflict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_all_shown_and_of_the_keys_the_loud_ones_first() {
        let key: Arc<str> = "key".into();
        let keyed = |n: u32| (n, Some(Arc::clone(&key)));
        let all: Vec<_> = (0..600)
            .map(|n| (n, None))
            .chain((600..2_000).map(keyed))
            .collect();
        let is_quiet = |s: &(u32, Option<Arc<str>>)| s.0 < 1_990;
        let kept = shown(all, |s| s.1.as_ref(), is_quiet);
        assert_eq!(kept.len(), 600 + KEYS);
        assert_eq!(kept.iter().filter(|s| s.0 >= 1_990).count(), 10);
        assert!(kept.is_sorted_by_key(|s| s.0));
        let loud = shown((0..2_000).map(keyed).collect(), |s| s.1.as_ref(), |_| false);
        assert_eq!(loud.len(), KEYS);
    }
}
