//! The settings that all clones of a client share.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;

use super::deadline::DeadlineHeader;
use super::limits::Limits;
use super::mesh::{Mesh, RetriedBy};
use super::policies::Set;
use super::stats::CallsUnderWay;
use super::target::Target;
use crate::balance::{Balancer, PooledClient};
use crate::outcome::HttpOutcome;

/// The settings of a client.
///
/// Each request writes to the count of references before them. In lines of memory of their own they stay where cores
/// have read them.
#[repr(align(128))]
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

/// What a client and its requests share: the settings, and the trace that they belong to.
#[derive(Clone)]
pub(super) struct Shared {
    settings: Arc<Settings>,
    /// The headers that each request carries for the trace of an incoming one.
    context: Option<Arc<HeaderMap>>,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            context: None,
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn context(&self) -> Option<&HeaderMap> {
        self.context.as_deref()
    }

    /// Returns the same with the trace of an incoming request, of which these are the headers.
    pub(super) fn with_context(&self, incoming: &HeaderMap) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            context: Some(Arc::new(self.settings.mesh.context_of(incoming))),
        }
    }
}
