//! A balancer in figures.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::circuit::CircuitState;

use super::strategy::Strategy;

/// The figures of a [`Balancer`](super::Balancer): [`Balancer::stats`](super::Balancer::stats) returns them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PoolStats {
    /// The name of the balancer.
    pub name: Arc<str>,
    /// How it chooses.
    pub strategy: Strategy,
    /// The endpoints, in the order in which they came.
    pub endpoints: Vec<EndpointStats>,
    /// How many of them are ejected.
    pub ejected: usize,
    /// Whether so many are ejected (more than half) that they are used anyway.
    pub panics: bool,
    /// How often the source of the endpoints (DNS, a stream) has told which there are. 1 for a list.
    pub updates: u64,
    /// How often that source has told that something is wrong.
    pub faults: u64,
    /// What it has told last, in words.
    pub last_fault: Option<Arc<str>>,
}

/// The figures of one endpoint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EndpointStats {
    /// Its authority.
    pub authority: Arc<str>,
    /// The requests under way.
    pub pending: u32,
    /// The peak EWMA of its response time, as decayed by now. `None` before the first answer, and with another
    /// strategy.
    pub ewma: Option<Duration>,
    /// How often it was picked.
    pub picked: u64,
    /// How often it was ejected.
    pub ejections: u64,
    /// Whether it is ejected now.
    pub is_ejected: bool,
    /// The state of its breaker; [`Disabled`](CircuitState::Disabled) where nothing is ejected.
    pub state: CircuitState,
    /// Its share of what it would get: below 1 in its slow start.
    pub weight: f64,
}
