//! The endpoints that are known at one moment.

use std::collections::HashMap;
use std::sync::Arc;

use super::common::Common;
use super::endpoint::Endpoint;
use super::mask::MAX_ENDPOINTS;
use super::node::{Look, Node};

/// The endpoints at one moment. It never changes: another one takes its place.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) nodes: Vec<Arc<Node>>,
}

impl Set {
    /// Returns the set of `endpoints`; `None` if it is this one. Those that are in this one stay in their order,
    /// with all that is known about them; the others come after them, and start slowly unless they are the first.
    pub(super) fn with(&self, endpoints: &[Endpoint], common: &Arc<Common>) -> Option<Self> {
        let mut wanted: HashMap<_, &Endpoint> = endpoints
            .iter()
            .take(MAX_ENDPOINTS)
            .map(|endpoint| (endpoint.identity(), endpoint))
            .collect();
        let mut nodes = Vec::new();
        for node in &self.nodes {
            if wanted.remove(&node.endpoint.identity()).is_some() {
                nodes.push(Arc::clone(node));
            }
        }
        if wanted.is_empty() && nodes.len() == self.nodes.len() {
            return None;
        }
        for endpoint in endpoints {
            if let Some(new) = wanted.remove(&endpoint.identity()) {
                let starts_slowly = !self.nodes.is_empty();
                nodes.push(Arc::new(Node::new(new.clone(), common, starts_slowly)));
            }
        }
        Some(Self { nodes })
    }

    /// Returns how many are out.
    pub(super) fn out(&self) -> usize {
        self.nodes
            .iter()
            .filter(|node| node.look() == Look::Out)
            .count()
    }
}
