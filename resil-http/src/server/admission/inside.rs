//! The place of a request, and what an adaptive limit learns from how the request ends.

use std::sync::PoisonError;

use http::{HeaderValue, Request, Response, StatusCode};
use resil_runtime::Error;
use resil_runtime::bulkhead::BulkheadPlace;
use resil_runtime::edge::learn_from;

use crate::names::GRPC_STATUS;
use crate::server::cut::is_cutting;
use crate::server::places::{SharedPlace, may_go_on, offer};

/// The place of a request. Dropped, it is free again, unless the handler goes on.
pub(super) enum Inside {
    Alone(BulkheadPlace),
    Shared(SharedPlace),
}

impl Inside {
    /// Takes the place of a request, which its handler keeps if it goes on without the request.
    pub(super) fn of<B>(place: BulkheadPlace, request: &mut Request<B>) -> Self {
        if may_go_on(request) {
            Self::Shared(offer(place, request.extensions_mut()))
        } else {
            Self::Alone(place)
        }
    }

    /// Learns from the head of the answer.
    pub(super) fn answered<C>(&mut self, response: &Response<C>) {
        self.learn(|| is_overloaded(response));
    }

    fn learn(&mut self, is_overloaded: impl FnOnce() -> Option<bool>) {
        match self {
            Self::Alone(place) => learn_from(place, is_overloaded),
            Self::Shared(place) => {
                let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
                learn_from(&mut place, is_overloaded);
            }
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Of one that has learned it learns nothing more.
        self.learn(|| is_cutting().then_some(true));
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
