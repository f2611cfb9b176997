//! The endpoints that are known at one moment.

use std::collections::HashMap;
use std::sync::Arc;

use super::common::Common;
use super::endpoint::Endpoint;
use super::mask::MAX_ENDPOINTS;
use super::node::Node;

/// The endpoints at one moment. It never changes: another one takes its place.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) nodes: Vec<Arc<Node>>,
}

impl Set {
    /// Returns the set of `endpoints`. Those that are in this one stay in their order, with all that is known
    /// about them; the others come after them, and start slowly unless they are the first.
    pub(super) fn with(&self, endpoints: &[Endpoint], common: &Arc<Common>) -> Self {
        let mut wanted: HashMap<&str, &Endpoint> = endpoints
            .iter()
            .take(MAX_ENDPOINTS)
            .map(|endpoint| (endpoint.authority(), endpoint))
            .collect();
        let stays = |node: &&Arc<Node>| wanted.remove(node.endpoint.authority()).is_some();
        let mut nodes: Vec<_> = self.nodes.iter().filter(stays).cloned().collect();
        for endpoint in endpoints {
            if let Some(new) = wanted.remove(endpoint.authority()) {
                let starts_slowly = !self.nodes.is_empty();
                nodes.push(Arc::new(Node::new(new.clone(), common, starts_slowly)));
            }
        }
        Self { nodes }
    }
}
