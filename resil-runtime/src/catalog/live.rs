//! The live state behind the policies of an entry.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::described::DescribedState;
use super::millis::{self, up_to_a_milli};
use crate::bulkhead::site::BulkheadSite;
use crate::circuit::CircuitState;
use crate::circuit::site::CircuitSite;
use crate::clock;
#[cfg(feature = "hedge")]
use crate::hedge::budget::FULL;
use crate::rate_limit::site::RateLimitSite;
use crate::registry::{BreakerSnapshot, BulkheadSnapshot, RateLimitSnapshot};
use crate::retry::site::RetrySite;

/// The number of keys that are shown of one name.
const MOST_KEYS: usize = 20;

/// The live state of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LiveState {
    /// A circuit breaker.
    Circuit(LiveCircuit),
    /// A bulkhead.
    Bulkhead(LiveBulkhead),
    /// A rate limit.
    RateLimit(LiveRateLimit),
    /// The budget of a retry.
    RetryBudget(LiveRetryBudget),
    /// The budget of a hedge.
    HedgeBudget(LiveHedgeBudget),
}

/// A breaker at one moment: the same that [`Registry::snapshot`](crate::registry::Registry::snapshot)
/// returns, with the time to the next probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveCircuit {
    /// The name of the breaker.
    pub name: String,
    /// The key; `None` for the breaker of the name itself.
    pub key: Option<String>,
    /// The state.
    pub state: CircuitState,
    /// While open: the time until the next probe may run.
    #[serde(rename = "next_probe_ms", with = "millis")]
    pub next_probe: Option<Duration>,
    /// While closed: the calls in the window.
    pub calls: u64,
    /// While closed: the failures among those calls.
    pub failures: u64,
    /// While closed: the slow calls among those calls.
    pub slow: u64,
    /// While closed: the failures since the last success.
    pub failures_in_a_row: u32,
    /// While half-open: the probes that have not ended.
    pub probes_out: u32,
    /// While half-open: the probes that have succeeded.
    pub probes_succeeded: u32,
    /// The number of keys that have a breaker; `None` on that of a key. Those that are not closed are
    /// listed too, at most 20.
    pub keys: Option<usize>,
}

/// A bulkhead at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveBulkhead {
    /// The name of the bulkhead.
    pub name: String,
    /// The key; `None` for the bulkhead of the name itself.
    pub key: Option<String>,
    /// The limit of calls at once.
    pub limit: u32,
    /// The calls inside.
    pub used: u32,
    /// The calls that wait for a place.
    pub queued: usize,
    /// The number of keys that have a bulkhead; `None` on that of a key. Those that are full are listed
    /// too, at most 20.
    pub keys: Option<usize>,
}

/// A rate limit at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveRateLimit {
    /// The name of the rate limit.
    pub name: String,
    /// The key; `None` for the rate limit of the name itself.
    pub key: Option<String>,
    /// The calls that would be let in now; `None` as long as nothing is limited.
    pub available: Option<u32>,
    /// The calls that may come at once after a pause; `None` as long as nothing is limited.
    pub burst: Option<u32>,
    /// The time until the next call would be let in, if none would be now.
    #[serde(rename = "next_in_ms", with = "millis")]
    pub next_in: Option<Duration>,
    /// The number of keys that have a rate limit; `None` on that of a key. Those that let nothing in now are
    /// listed too, at most 20.
    pub keys: Option<usize>,
}

/// The budget of a retry at one moment. It is listed once a retry was to be paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveRetryBudget {
    /// The name, if the budget is shared by one.
    pub name: Option<String>,
    /// The tokens that are left.
    pub tokens: u32,
    /// The tokens of a full bucket.
    pub capacity: u32,
}

/// The budget of a hedge at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveHedgeBudget {
    /// The further copies that could start now.
    pub copies: u32,
    /// The copies that a full budget pays for.
    pub capacity: u32,
}

/// Returns the live state behind a layer with these settings, as far as calls have made it.
pub(super) fn of(state: DescribedState, settings: &[(&str, &str)]) -> Vec<LiveState> {
    match state {
        DescribedState::Circuit(site) => circuits(site),
        DescribedState::Bulkhead(site) => bulkheads(site),
        DescribedState::RateLimit(site) => rate_limits(site),
        DescribedState::Retry(site) => retry_budgets(site),
        #[cfg(feature = "hedge")]
        DescribedState::Hedge(_) if settings.contains(&("budget", "off")) => Vec::new(),
        #[cfg(feature = "hedge")]
        DescribedState::Hedge(site) => site.copies_left().map(hedge_budget).collect(),
        DescribedState::Nothing => {
            let _ = settings;
            Vec::new()
        }
    }
}

fn circuits(site: &'static CircuitSite) -> Vec<LiveState> {
    let mut all = Vec::new();
    for named in site.known() {
        let (own, keys) = named.look(|core| LiveCircuit::of(BreakerSnapshot::of(core)));
        let keys_in_all = Some(keys.len());
        let unusual = keys
            .into_iter()
            .filter(|of| of.state != CircuitState::Closed);
        all.push(LiveCircuit {
            keys: keys_in_all,
            ..own
        });
        all.extend(unusual.take(MOST_KEYS));
    }
    all.into_iter().map(LiveState::Circuit).collect()
}

fn bulkheads(site: &'static BulkheadSite) -> Vec<LiveState> {
    let mut all = Vec::new();
    for named in site.known() {
        let (own, keys) = named.look(|core| LiveBulkhead::of(BulkheadSnapshot::of(core)));
        let keys_in_all = Some(keys.len());
        let unusual = keys.into_iter().filter(|of| of.used >= of.limit);
        all.push(LiveBulkhead {
            keys: keys_in_all,
            ..own
        });
        all.extend(unusual.take(MOST_KEYS));
    }
    all.into_iter().map(LiveState::Bulkhead).collect()
}

fn rate_limits(site: &'static RateLimitSite) -> Vec<LiveState> {
    let mut all = Vec::new();
    for named in site.known() {
        let (own, keys) = named.look(|limit| LiveRateLimit::of(RateLimitSnapshot::of(limit)));
        let keys_in_all = Some(keys.len());
        let unusual = keys.into_iter().filter(|of| of.available == Some(0));
        all.push(LiveRateLimit {
            keys: keys_in_all,
            ..own
        });
        all.extend(unusual.take(MOST_KEYS));
    }
    all.into_iter().map(LiveState::RateLimit).collect()
}

/// A budget that was never asked for a token is full, and not listed.
fn retry_budgets(site: &'static RetrySite) -> Vec<LiveState> {
    let budgets = site.budgets(clock::now_ns()).into_iter();
    let live = budgets.map(|budget| LiveRetryBudget {
        name: budget.name.map(str::to_owned),
        tokens: budget.tokens,
        capacity: budget.capacity,
    });
    live.map(LiveState::RetryBudget).collect()
}

#[cfg(feature = "hedge")]
fn hedge_budget(copies: u32) -> LiveState {
    LiveState::HedgeBudget(LiveHedgeBudget {
        copies,
        capacity: FULL,
    })
}

impl LiveCircuit {
    fn of(of: BreakerSnapshot) -> Self {
        let counts = of.counts;
        let is_open = of.state == CircuitState::Open;
        Self {
            name: of.name.to_owned(),
            key: of.key.map(|key| (*key).to_owned()),
            state: of.state,
            next_probe: of.retry_in.filter(|_| is_open),
            calls: counts.calls,
            failures: counts.failures,
            slow: counts.slow,
            failures_in_a_row: counts.failures_in_a_row,
            probes_out: counts.probes_out,
            probes_succeeded: counts.probes_succeeded,
            keys: None,
        }
    }
}

impl LiveBulkhead {
    fn of(of: BulkheadSnapshot) -> Self {
        Self {
            name: of.name.to_owned(),
            key: of.key.map(|key| (*key).to_owned()),
            limit: of.limit,
            used: of.in_flight,
            queued: of.waiting,
            keys: None,
        }
    }
}

impl LiveRateLimit {
    fn of(of: RateLimitSnapshot) -> Self {
        let is_limited = of.settings.is_some();
        let next_in = (is_limited && of.available == 0).then_some(of.next_in);
        Self {
            name: of.name.to_owned(),
            key: of.key.map(|key| (*key).to_owned()),
            available: is_limited.then_some(of.available),
            burst: of.settings.map(|settings| settings.burst),
            next_in: next_in.map(up_to_a_milli),
            keys: None,
        }
    }
}
