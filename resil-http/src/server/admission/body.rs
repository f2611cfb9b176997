//! The body of an answer that keeps a place.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::Response;
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use pin_project_lite::pin_project;

use super::inside::Inside;

/// Lets the bulkhead learn from the head of an answer, and keeps the place until its body has ended.
pub(super) fn keep_place(response: &mut Response<Body>, mut inside: Inside) {
    inside.answered(response);
    if response.body().is_end_stream() {
        // With it the place goes.
        return;
    }
    let body = std::mem::take(response.body_mut());
    let inside = Some(inside);
    // axum takes a body of this type as it is, and boxes any other one with its errors mapped.
    let body = UnsyncBoxBody::new(WithPlace { body, inside });
    *response.body_mut() = Body::new(body);
}

pin_project! {
    struct WithPlace {
        #[pin]
        body: Body,
        // `None` when the body has ended.
        inside: Option<Inside>,
    }
}

impl HttpBody for WithPlace {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut this = self.project();
        let frame = this.body.as_mut().poll_frame(cx);
        let goes_on = match &frame {
            Poll::Pending => true,
            Poll::Ready(Some(Ok(_))) => !this.body.is_end_stream(),
            Poll::Ready(_) => false,
        };
        if !goes_on {
            *this.inside = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
