//! The settings of a client, and how its clones and its requests share them.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use resil_runtime::edge::{SHARDS, shard_of_thread};

use super::deadline::DeadlineHeader;
use super::limits::Limits;
use super::mesh::{Mesh, RetriedBy};
use super::policies::Set;
use super::stats::CallsUnderWay;
use super::target::Target;
use crate::balance::{Balancer, PooledClient};
use crate::outcome::HttpOutcome;

/// The settings of a client.
pub(super) struct Settings {
    pub(super) name: &'static str,
    pub(super) under_way: CallsUnderWay,
    pub(super) http: PooledClient,
    pub(super) balancer: Option<Balancer>,
    pub(super) target: Target,
    pub(super) limits: Limits,
    pub(super) policies: Set,
    pub(super) mesh: Mesh,
    pub(super) retried_by: RetriedBy,
    pub(super) deadline_headers: Vec<DeadlineHeader>,
    pub(super) deadline_margin: Duration,
    pub(super) adds_keys: bool,
    pub(super) outcome: HttpOutcome,
    /// Whether the rule looks at the URI of a request.
    pub(super) asks_by_uri: bool,
}

/// What a request has of its client: the settings, and the trace that it belongs to.
pub(super) struct Shared {
    settings: Arc<OfThread>,
    /// The headers that each request carries for the trace of an incoming one.
    context: Option<Arc<HeaderMap>>,
}

/// A reference to the settings, for the requests that begin on some of the threads.
///
/// A request counts itself in and out of what it holds. One count for all would go from core to core with each of them.
/// It has lines of memory of its own.
#[repr(align(128))]
struct OfThread(Arc<Settings>);

impl Shared {
    pub(super) fn settings(&self) -> &Settings {
        &self.settings.0
    }

    pub(super) fn context(&self) -> Option<&HeaderMap> {
        self.context.as_deref()
    }

    /// Returns the same with the trace of an incoming request, of which these are the headers.
    pub(super) fn with_context(&self, incoming: &HeaderMap) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            context: Some(context_of(self.settings(), incoming)),
        }
    }
}

/// What the clones of a client share.
#[derive(Clone)]
pub(super) struct Clones {
    of_threads: Arc<[Arc<OfThread>; SHARDS]>,
    context: Option<Arc<HeaderMap>>,
}

impl Clones {
    pub(super) fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let of_threads = std::array::from_fn(|_| Arc::new(OfThread(Arc::clone(&settings))));
        Self {
            of_threads: Arc::new(of_threads),
            context: None,
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.of_threads[0].0
    }

    /// Returns what a request has of it.
    pub(super) fn of_request(&self) -> Shared {
        Shared {
            settings: Arc::clone(&self.of_threads[shard_of_thread()]),
            context: self.context.clone(),
        }
    }

    /// Returns the same with the trace of an incoming request, of which these are the headers.
    pub(super) fn with_context(&self, incoming: &HeaderMap) -> Self {
        Self {
            of_threads: Arc::clone(&self.of_threads),
            context: Some(context_of(self.settings(), incoming)),
        }
    }
}

fn context_of(settings: &Settings, incoming: &HeaderMap) -> Arc<HeaderMap> {
    Arc::new(settings.mesh.context_of(incoming))
}
