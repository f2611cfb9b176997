//! The balancer: it knows the endpoints, and picks one for each request.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use resil_runtime::clock;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::choice::{Choice, NoneFits, is_panic};
use super::common::Common;
use super::endpoint::Endpoint;
use super::endpoints::{Endpoints, Source};
use super::error::BalanceError;
use super::node::{Look, Node};
use super::picked::Picked;
use super::rendezvous;
use super::set::Set;
use super::settings::BalancerBuilder;
use super::source::{Sink, Update, changes, dns};
use super::stats::{EndpointStats, PoolStats};
use super::strategy::Strategy;

/// Picks an endpoint for each request. A clone is the same balancer.
///
/// ```
/// # use resil_http::{Verdict, balance::{Balancer, Endpoints}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoints = Endpoints::list(["http://10.0.0.3:8080", "http://10.0.0.4:8080"])?;
/// let pay = Balancer::new("pay", endpoints)?;
///
/// let picked = pay.pick(&[], None)?;
/// let mut url = "http://pay.internal/charge".parse()?;
/// picked.endpoint().rewrite(&mut url);
/// // .. the request is sent to `url` ..
/// picked.end(&Verdict::Success);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Balancer(Arc<Shared>);

struct Shared {
    common: Arc<Common>,
    /// Read without a lock by each choice, and replaced as a whole.
    set: ArcSwap<Set>,
    /// One update after the other.
    source: Mutex<SourceState>,
    /// Wakes who waits for the first endpoint.
    told: Notify,
    /// The task that follows the endpoints.
    follower: Option<AbortHandle>,
}

#[derive(Debug, Default)]
struct SourceState {
    updates: u64,
    faults: u64,
    last_fault: Option<Arc<str>>,
    /// Whether that is the last that the source has told.
    is_wrong: bool,
}

impl SourceState {
    /// Returns what is wrong with the source.
    fn wrong(&self) -> Option<&Arc<str>> {
        self.last_fault.as_ref().filter(|_| self.is_wrong)
    }
}

impl Balancer {
    /// Creates a balancer with the default settings: see [`Balancer::builder`].
    ///
    /// # Errors
    ///
    /// As [`BalancerBuilder::build`].
    pub fn new(
        name: impl AsRef<str>,
        endpoints: impl Into<Endpoints>,
    ) -> Result<Self, BalanceError> {
        Self::builder(name, endpoints).build()
    }

    /// Begins a balancer. The breakers of its endpoints go by its name (see
    /// [`ejection`](BalancerBuilder::ejection)): balancers of one name share what they know of who is out.
    pub fn builder(name: impl AsRef<str>, endpoints: impl Into<Endpoints>) -> BalancerBuilder {
        BalancerBuilder::new(name.as_ref().into(), endpoints.into())
    }

    fn begin(common: Arc<Common>, endpoints: Endpoints) -> Result<Self, BalanceError> {
        let name = || Arc::clone(&common.name);
        let runtime =
            || Handle::try_current().map_err(|_| BalanceError::NoRuntime { name: name() });
        match endpoints.0 {
            Source::List(list) => {
                let shared = Shared::new(Arc::clone(&common), None);
                shared.update(Update::Known(list));
                Ok(Self(Arc::new(shared)))
            }
            Source::Changes(stream) => {
                let runtime = runtime()?;
                Ok(Self::followed(common, &runtime, |sink| {
                    changes::follow(stream, sink)
                }))
            }
            Source::Dns(dns) => {
                let runtime = runtime()?;
                let resolver = dns.resolver().map_err(|error| BalanceError::NoResolver {
                    name: name(),
                    reason: error.to_string().into(),
                })?;
                Ok(Self::followed(common, &runtime, |sink| {
                    dns::follow(dns, resolver, sink)
                }))
            }
        }
    }

    fn followed<F>(
        common: Arc<Common>,
        runtime: &Handle,
        follow: impl FnOnce(Follower) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new_cyclic(|shared| {
            let task = runtime.spawn(follow(Follower(Weak::clone(shared))));
            Shared::new(common, Some(task.abort_handle()))
        }))
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0.common.name
    }

    /// Picks an endpoint for a request: not one of `avoid`, where its earlier attempts went, unless there is no
    /// other; for the `key`, if the strategy goes by one. It takes no lock and waits for nothing.
    ///
    /// # Errors
    ///
    /// Returns [`BalanceError::NoEndpoint`] if none is known: DNS has not answered yet, or the stream of changes
    /// has told of none, or has removed all. [`ready`](Self::ready) waits for the first one. Returns [`BalanceError::Full`] if as many requests
    /// as may be are pending at each.
    pub fn pick(&self, avoid: &[Endpoint], key: Option<&[u8]>) -> Result<Picked, BalanceError> {
        let set = self.0.set.load();
        let choice = Choice {
            nodes: &set.nodes,
            common: &self.0.common,
            avoid,
            key: key.map(rendezvous::hash),
            now_ns: match self.0.common.strategy {
                Strategy::P2cPeakEwma => clock::now_ns(),
                _ => 0,
            },
        };
        match choice.choose() {
            Ok((node, admitted)) => Ok(Picked::new(Arc::clone(node), admitted, choice.now_ns)),
            Err(NoneFits::Empty) => Err(self.no_endpoint()),
            Err(NoneFits::Full) => Err(BalanceError::Full {
                name: Arc::clone(&self.0.common.name),
                limit: self.0.common.max_pending,
            }),
        }
    }

    /// Waits until an endpoint is known. It returns at once if one is, and so always with a list. It has no
    /// limit of its own, but that of DNS: put it under the limits of the request.
    ///
    /// # Errors
    ///
    /// Returns [`BalanceError::NoEndpoint`] if there is none and the source has told that something is wrong: the
    /// name can't be resolved, say. It goes on being resolved.
    ///
    /// # Cancellation
    ///
    /// Cancel safe.
    pub async fn ready(&self) -> Result<(), BalanceError> {
        loop {
            let told = self.0.told.notified();
            if !self.0.set.load().nodes.is_empty() {
                return Ok(());
            }
            if self.0.source().wrong().is_some() {
                return Err(self.no_endpoint());
            }
            told.await;
        }
    }

    #[cold]
    fn no_endpoint(&self) -> BalanceError {
        let source = self.0.source();
        let reason = match source.wrong() {
            Some(wrong) => Arc::clone(wrong),
            None if source.updates > 0 => "all that were known have been removed".into(),
            None => "none is known yet".into(),
        };
        BalanceError::NoEndpoint {
            name: Arc::clone(&self.0.common.name),
            reason,
        }
    }

    /// Returns whether endpoints were told, and all of them have been removed.
    pub(crate) fn are_gone(&self) -> bool {
        self.0.set.load().nodes.is_empty() && self.0.source().updates > 0
    }

    /// Returns the endpoints that are known now, ejected ones too.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let set = self.0.set.load();
        set.nodes.iter().map(|node| node.endpoint.clone()).collect()
    }

    /// Returns the figures as they are now.
    pub fn stats(&self) -> PoolStats {
        let common = &self.0.common;
        let set = self.0.set.load_full();
        let endpoints: Vec<_> = set.nodes.iter().map(|node| figures(node)).collect();
        let ejected = endpoints
            .iter()
            .filter(|endpoint| endpoint.is_ejected)
            .count();
        let source = self.0.source();
        PoolStats {
            name: Arc::clone(&common.name),
            strategy: common.strategy,
            panics: is_panic(ejected, endpoints.len()),
            endpoints,
            ejected,
            updates: source.updates,
            faults: source.faults,
            last_fault: source.last_fault.clone(),
        }
    }
}

fn figures(node: &Node) -> EndpointStats {
    let now_ns = clock::now_ns();
    EndpointStats {
        authority: node.endpoint.authority().into(),
        pending: node.pending(),
        ewma: node.ewma.estimate(node.common.decay, now_ns),
        picked: node.picked(),
        is_ejected: node.look() == Look::Out,
        ejections: node.ejections(),
        state: node.state(),
        weight: node.weight(clock::now_ms).unwrap_or(1.0),
    }
}

impl BalancerBuilder {
    /// Builds the balancer. Endpoints that change are followed by a task of the tokio runtime in which it is built,
    /// which ends with the last clone; if that runtime ends sooner, the endpoints stay as they are by then.
    ///
    /// # Errors
    ///
    /// Returns [`BalanceError::NoRuntime`] if the endpoints change and this is not called inside of a tokio
    /// runtime, and [`BalanceError::NoResolver`] if the system's DNS settings can't be read. A list never fails.
    pub fn build(self) -> Result<Balancer, BalanceError> {
        let (common, endpoints) = self.into_parts();
        Balancer::begin(common, endpoints)
    }
}

impl Shared {
    fn new(common: Arc<Common>, follower: Option<AbortHandle>) -> Self {
        Self {
            common,
            set: ArcSwap::default(),
            source: Mutex::default(),
            told: Notify::new(),
            follower,
        }
    }

    fn source(&self) -> std::sync::MutexGuard<'_, SourceState> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, update: Update) {
        match update {
            Update::Known(endpoints) => {
                let changed = self.set.load().with(&endpoints, &self.common);
                if let Some(set) = changed {
                    self.common.set_out(set.out());
                    self.set.store(Arc::new(set));
                }
                let mut source = self.source();
                source.updates += 1;
                source.is_wrong = false;
            }
            Update::Wrong(fault) => {
                let fault: Arc<str> = fault.into();
                let before = {
                    let mut source = self.source();
                    source.faults += 1;
                    source.is_wrong = true;
                    source.last_fault.replace(Arc::clone(&fault))
                };
                if before.as_ref() != Some(&fault) {
                    warn(&self.common.name, &fault);
                }
            }
        }
        self.told.notify_waiters();
    }
}

/// Tells of a fault of the source: once, and again when there has been another one in between.
#[cfg(feature = "tracing")]
fn warn(name: &str, fault: &str) {
    tracing::warn!(target: "resil::balance", balancer = name, fault, "the source of the endpoints tells of a fault");
}

#[cfg(not(feature = "tracing"))]
fn warn(_name: &str, _fault: &str) {}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(follower) = &self.follower {
            follower.abort();
        }
    }
}

/// What the task that follows the endpoints holds: it keeps no balancer alive.
struct Follower(Weak<Shared>);

impl Sink for Follower {
    fn tell(&self, update: Update) -> bool {
        self.0.upgrade().is_some_and(|shared| {
            shared.update(update);
            true
        })
    }
}

impl fmt::Debug for Balancer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.0.set.load();
        f.debug_struct("Balancer")
            .field("name", &self.0.common.name)
            .field("strategy", &self.0.common.strategy)
            .field(
                "endpoints",
                &set.nodes
                    .iter()
                    .map(|node| &node.endpoint)
                    .collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
