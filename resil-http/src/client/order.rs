//! What a call has been asked for.

use std::time::Duration;

use ::http::Request;
use bytes::Bytes;

use super::body::Body;
use super::mesh::RetriedBy;

/// A request as the caller put it together. Its URL is beside it.
pub(super) struct Order {
    pub(super) head: Request<()>,
    pub(super) body: Body,
    pub(super) total: Option<Duration>,
    pub(super) attempt: Option<Duration>,
    pub(super) retried_by: Option<RetriedBy>,
    pub(super) balance_key: Option<Bytes>,
}

impl Order {
    pub(super) fn new(head: Request<()>, body: Body) -> Self {
        Self {
            head,
            body,
            total: None,
            attempt: None,
            retried_by: None,
            balance_key: None,
        }
    }
}
