//! The settings of a balancer.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::circuit::CircuitPolicy;

use super::common::Common;
use super::endpoints::Endpoints;
use super::peak_ewma::Decay;
use super::slow_start::SlowStart;
use super::strategy::Strategy;

/// The settings of a [`Balancer`](super::Balancer): [`Balancer::builder`](super::Balancer::builder) begins them.
#[derive(Debug)]
#[must_use]
pub struct BalancerBuilder {
    name: Arc<str>,
    endpoints: Endpoints,
    strategy: Strategy,
    decay: Duration,
    slow_start: SlowStart,
    max_pending: u32,
    ejection: Option<CircuitPolicy>,
}

impl BalancerBuilder {
    pub(super) fn new(name: Arc<str>, endpoints: Endpoints) -> Self {
        Self {
            name,
            endpoints,
            strategy: Strategy::default(),
            decay: Duration::from_secs(10),
            slow_start: SlowStart::default(),
            max_pending: u32::MAX,
            ejection: Some(CircuitPolicy::new()),
        }
    }

    /// Sets how it chooses. Default: [`Strategy::P2cPeakEwma`].
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Sets the time over which the peak EWMA decays, at least 1 ns. Default: 10 s, as in Finagle and Linkerd.
    pub fn decay(mut self, time: Duration) -> Self {
        self.decay = time;
        self
    }

    /// Sets how an endpoint that is new or back comes to its full share. Default: over 10 s.
    pub fn slow_start(mut self, slow_start: SlowStart) -> Self {
        self.slow_start = slow_start;
        self
    }

    /// Sets the most requests that may be pending at one endpoint, at least 1. Others are not picked there; where
    /// all endpoints are full, [`pick`](super::Balancer::pick) fails with
    /// [`BalanceError::Full`](super::BalanceError::Full). Default: no such limit.
    ///
    /// Over HTTP/1.1 each pending request has a connection, so this is what bounds the connections to a host:
    /// see [`Pool`](super::Pool).
    pub fn max_pending(mut self, count: u32) -> Self {
        self.max_pending = count.max(1);
        self
    }

    /// Sets when an endpoint is ejected, for how long, and how it is probed back. Default: that of
    /// [`CircuitPolicy::new`], after five failures in a row, for 30 s, growing to 300 s, which are the defaults
    /// of Envoy's outlier detection too. One request at a time probes an endpoint.
    ///
    /// Each endpoint has a breaker, under the name of the balancer with the authority as its key. If that name
    /// has other settings by then, those hold, and the registry lists the conflict.
    pub fn ejection(mut self, policy: CircuitPolicy) -> Self {
        self.ejection = Some(policy);
        self
    }

    /// Ejects nothing.
    pub fn no_ejection(mut self) -> Self {
        self.ejection = None;
        self
    }

    pub(super) fn into_parts(self) -> (Arc<Common>, Endpoints) {
        let decay = Decay::over(self.decay);
        let common = Common::new(
            self.name,
            self.strategy,
            decay,
            self.slow_start,
            self.max_pending,
            self.ejection,
        );
        (Arc::new(common), self.endpoints)
    }
}
