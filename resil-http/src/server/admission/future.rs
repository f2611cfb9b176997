//! The future of a request at the gate.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::keep_place;
use super::gate::{Gate, Limit};
use super::inside::Inside;
use crate::BoxError;
use crate::server::kept::Kept;
use crate::server::refusal::{is_grpc, refuse};

/// The answer to a request that was not let in at once.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

pin_project! {
    /// The future of an [`Admission`](super::Admission). Dropping it leaves the queue, or drops the handler and gives
    /// the place back.
    #[must_use = "futures do nothing unless polled"]
    pub struct AdmissionFuture<F, E> {
        #[pin]
        answer: Answer<F, E>,
        // Behind the answer: the handler is dropped first.
        place: Option<Inside>,
        told: Option<Told>,
    }
}

pin_project! {
    #[project = Projected]
    enum Answer<F, E> {
        // It is let in, as nearly all are: nothing is boxed, and the service inside was not cloned. (Nothing else is in
        // here: the future of the service would be moved once more.)
        Inside { #[pin] answer: F },
        // It waits, or is refused.
        Outside { answer: Answering<E> },
    }
}

/// What the headers of an answer tell.
pub(super) struct Told {
    pub(super) limit: Limit,
    /// How many requests would be let in now; `None` once time has passed.
    pub(super) available: Option<u32>,
}

impl<F, E> AdmissionFuture<F, E> {
    /// Creates the future of a request that is let in.
    pub(super) fn inside(answer: F, place: Option<Inside>, told: Option<Told>) -> Self {
        Self {
            answer: Answer::Inside { answer },
            place,
            told,
        }
    }

    /// Creates the future of a request that has to wait for its answer, or is refused.
    pub(super) fn outside(
        answer: impl Future<Output = Result<Response<Body>, E>> + Send + 'static,
    ) -> Self {
        Self {
            answer: Answer::Outside {
                answer: Box::pin(answer),
            },
            place: None,
            told: None,
        }
    }
}

impl<F, C, E> Future for AdmissionFuture<F, E>
where
    F: Future<Output = Result<Response<C>, E>>,
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (place, told) = (this.place, this.told);
        let answer = match this.answer.project() {
            Projected::Outside { answer } => return answer.as_mut().poll(cx),
            Projected::Inside { answer } => answer,
        };
        let Poll::Ready(answer) = answer.poll(cx) else {
            if let Some(told) = told {
                told.available = None;
            }
            return Poll::Pending;
        };
        let mut response = answer?.map(Body::new);
        if let Some(place) = place.take() {
            keep_place(&mut response, place);
        }
        if let Some(told) = told.take() {
            let headers = response.headers_mut();
            told.limit.tell(told.available, None, headers);
        }
        Poll::Ready(Ok(response))
    }
}

impl<F, E> fmt::Debug for AdmissionFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionFuture").finish_non_exhaustive()
    }
}

/// Lets a request in when its turn comes and a place is free, or refuses it. `inner` is ready.
pub(super) async fn wait<S, B, C>(
    gate: Kept<Gate>,
    mut inner: S,
    mut request: Request<B>,
    limit: Option<Limit>,
    is_counted: bool,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: HttpBody<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    let is_grpc = is_grpc(request.headers());
    let uncounted = limit.as_ref().filter(|_| !is_counted);
    let (mut response, retry_after) = match gate.enter(uncounted).await {
        Ok(place) => {
            let place = place.map(|place| Inside::of(place, &mut request));
            let mut response = inner.call(request).await?.map(Body::new);
            if let Some(place) = place {
                keep_place(&mut response, place);
            }
            (response, None)
        }
        Err(error) => {
            let retry_after = error.retry_after();
            (refuse(error, is_grpc), retry_after)
        }
    };
    if let Some(limit) = &limit {
        limit.tell(None, retry_after, response.headers_mut());
    }
    Ok(response)
}
