//! An endpoint that was picked for one request.

use std::sync::Arc;

use resil_runtime::circuit::CallPermit;
use resil_runtime::{Class, clock};

use super::endpoint::Endpoint;
use super::node::{Admitted, Node};
use crate::Verdict;

/// An endpoint that was picked for one request, which is pending there until this is dropped.
///
/// [`end`](Self::end) reports what came of it. Dropped without, as by a cancellation, it is neutral: it is neither
/// a success nor a failure, and a probe gives its place back. For the estimate an answer takes longer than that.
#[derive(Debug)]
#[must_use = "dropped, the request is not pending there any more"]
pub struct Picked {
    node: Arc<Node>,
    permit: Option<CallPermit>,
    is_probe: bool,
    /// The time at which it was picked, in nanoseconds; 0 if nobody asks.
    began_ns: u64,
}

impl Picked {
    /// `began_ns` is 0 if nobody asks how long it takes.
    pub(super) fn new(node: Arc<Node>, admitted: Admitted, began_ns: u64) -> Self {
        node.note_picked();
        Self {
            node,
            permit: admitted.permit,
            is_probe: admitted.is_probe,
            began_ns,
        }
    }

    /// Returns the endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.node.endpoint
    }

    /// Returns whether the request is a probe: the endpoint was ejected, and this request shows whether it is
    /// back.
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Reports what came of the request, which is over.
    pub fn end(mut self, verdict: &Verdict) {
        self.answered(verdict);
    }

    /// Reports what came of the request, which stays pending until this is dropped: the head of an answer is
    /// there, its body is not. Only the first report counts.
    ///
    /// * A success counts as one for the breaker, and its time for the estimate.
    /// * A failure that the caller has caused ([`Class::Permanent`]) counts so too: the endpoint answers.
    /// * One of the endpoint ([`Class::Transient`], [`Class::Throttled`]) counts as a failure for the breaker,
    ///   and as a slow answer for the estimate.
    /// * What says nothing about the endpoint counts neither way. For the estimate an answer takes longer than that.
    pub fn answered(&mut self, verdict: &Verdict) {
        let permit = self.permit.take();
        let began = std::mem::take(&mut self.began_ns);
        let node = &*self.node;
        let class = match verdict {
            Verdict::Success => None,
            Verdict::Failure { class, .. } => Some(*class),
        };
        match class {
            None | Some(Class::Permanent) => {
                if began != 0 {
                    let now = clock::now_ns();
                    node.ewma
                        .answered(now.saturating_sub(began), node.common.decay, now);
                }
                if let Some(permit) = permit {
                    permit.success();
                }
            }
            Some(Class::Transient | Class::Throttled { .. }) => {
                if began != 0 {
                    let now = clock::now_ns();
                    node.ewma.failed(now.saturating_sub(began), now);
                }
                if let Some(permit) = permit {
                    permit.failure();
                }
            }
            Some(_) => {
                self.given_up(began);
                drop(permit);
            }
        }
        if self.is_probe || class.is_some() {
            self.is_probe_over();
            // It may be out from here on, or in again.
            self.node.look();
        }
    }

    /// Notes that no answer came since `began`, and that none will; 0 if it was reported, or if nobody asks.
    fn given_up(&self, began: u64) {
        if began != 0 {
            let now = clock::now_ns();
            self.node.ewma.given_up(now.saturating_sub(began), now);
        }
    }

    fn is_probe_over(&mut self) {
        if std::mem::take(&mut self.is_probe) {
            self.node.probe_ended();
        }
    }
}

impl Drop for Picked {
    fn drop(&mut self) {
        self.given_up(self.began_ns);
        // The permit first: its place is free before another probe looks for it.
        drop(self.permit.take());
        self.is_probe_over();
        self.node.end();
    }
}
