//! The place of a request, and what an adaptive limit learns from how the request ends.

use http::{HeaderValue, Response, StatusCode};
use resil_runtime::Error;
use resil_runtime::bulkhead::BulkheadPlace;
use resil_runtime::edge::learn_from;

use crate::names::GRPC_STATUS;
use crate::server::cut::is_cutting;

/// The place of a request. Dropped, it is free again.
pub(super) struct Inside(BulkheadPlace);

impl Inside {
    pub(super) fn new(place: BulkheadPlace) -> Self {
        Self(place)
    }

    /// Learns from the head of the answer.
    pub(super) fn answered<C>(&mut self, response: &Response<C>) {
        learn_from(&mut self.0, || is_overloaded(response));
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Of one that has learned it learns nothing more.
        learn_from(&mut self.0, || is_cutting().then_some(true));
    }
}

/// Returns whether an answer says that there is too much load; `None` if it says nothing about it.
fn is_overloaded<C>(response: &Response<C>) -> Option<bool> {
    if let Some(Error::Timeout {
        inherited: true, ..
    }) = response.extensions().get()
    {
        // The caller gave it no more time.
        return None;
    }
    match response.status() {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => return Some(true),
        // It is about the caller.
        StatusCode::TOO_MANY_REQUESTS => return None,
        status if status.is_server_error() => return None,
        _ => {}
    }
    // An answer of gRPC that has trailers alone: `DEADLINE_EXCEEDED` and `UNAVAILABLE`; then `UNKNOWN`,
    // `RESOURCE_EXHAUSTED`, `INTERNAL` and `DATA_LOSS`.
    let grpc_status = response.headers().get(&GRPC_STATUS);
    match grpc_status.map(HeaderValue::as_bytes) {
        Some(b"4" | b"14") => Some(true),
        Some(b"2" | b"8" | b"13" | b"15") => None,
        _ => Some(false),
    }
}
