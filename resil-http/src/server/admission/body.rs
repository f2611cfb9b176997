//! The body of an answer that keeps a place.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use resil_runtime::bulkhead::BulkheadPlace;
use resil_runtime::edge::learn_from;

use crate::BoxError;

/// Lets the bulkhead learn from the head of an answer, and keeps the place until its body has ended.
pub(super) fn with_place<C>(response: Response<C>, place: Option<BulkheadPlace>) -> Response<Body>
where
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    let Some(mut place) = place else {
        return response.map(Body::new);
    };
    if let Some(is_overloaded) = is_overloaded(response.status(), response.headers()) {
        learn_from(&mut place, is_overloaded);
    }
    response.map(|body| {
        if body.is_end_stream() {
            // With it the place goes.
            return Body::new(body);
        }
        let place = Some(place);
        Body::new(WithPlace { body, place })
    })
}

/// Returns whether an answer says that there is too much load; `None` if it says nothing about it.
fn is_overloaded(status: StatusCode, headers: &HeaderMap) -> Option<bool> {
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => return Some(true),
        // It is about the caller.
        StatusCode::TOO_MANY_REQUESTS => return None,
        status if status.is_server_error() => return None,
        _ => {}
    }
    // An answer of gRPC that has trailers alone: `DEADLINE_EXCEEDED` and `UNAVAILABLE`; then `UNKNOWN`,
    // `RESOURCE_EXHAUSTED`, `INTERNAL` and `DATA_LOSS`.
    match headers.get("grpc-status").map(HeaderValue::as_bytes) {
        Some(b"4" | b"14") => Some(true),
        Some(b"2" | b"8" | b"13" | b"15") => None,
        _ => Some(false),
    }
}

pin_project! {
    struct WithPlace<C> {
        #[pin]
        body: C,
        // `None` when the body has ended.
        place: Option<BulkheadPlace>,
    }
}

impl<C: HttpBody> HttpBody for WithPlace<C> {
    type Data = C::Data;
    type Error = C::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<C::Data>, C::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || this.body.is_end_stream() {
            *this.place = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
