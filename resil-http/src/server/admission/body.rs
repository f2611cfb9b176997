//! The body of an answer that keeps a place.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http::Response;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use super::inside::Inside;
use crate::BoxError;

/// Lets the bulkhead learn from the head of an answer, and keeps the place until its body has ended.
pub(super) fn with_place<C>(response: Response<C>, inside: Option<Inside>) -> Response<Body>
where
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    let Some(mut inside) = inside else {
        return response.map(Body::new);
    };
    inside.answered(&response);
    response.map(|body| {
        if body.is_end_stream() {
            // With it the place goes.
            return Body::new(body);
        }
        let inside = Some(inside);
        Body::new(WithPlace { body, inside })
    })
}

pin_project! {
    struct WithPlace<C> {
        #[pin]
        body: C,
        // `None` when the body has ended.
        inside: Option<Inside>,
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
            *this.inside = None;
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
