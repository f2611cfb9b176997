//! The settings that all clones of a client share.

use std::time::Duration;

use url::Url;

use super::deadline::DeadlineHeader;
use super::limits::Limits;
use super::mesh::{Mesh, RetriedBy};
use super::policies::Set;
use crate::balance::{Balancer, PooledClient};
use crate::outcome::HttpOutcome;

/// The settings of a client.
pub(super) struct Settings {
    pub(super) name: &'static str,
    pub(super) http: PooledClient,
    pub(super) balancer: Option<Balancer>,
    pub(super) base: Option<Url>,
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
