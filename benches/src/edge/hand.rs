//! The layers of the server by hand: the least code that keeps the promises that the benchmark's requests make use of.
//!
//! One service and one future do the work of three layers. A request has the deadline that its headers say, a place
//! until the body of its answer has ended, and the rate limit of its caller, whose headers are in the answer. Nobody can
//! see, steer or stop it, no request waits for its turn or its place, and a request with a key is none of its business.

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::{Layer, Service};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The most requests that are inside at once.
const AT_ONCE: u32 = 1000;

/// The requests of a caller that are let in in a second, which is also the burst.
const A_SECOND: u64 = 1_000_000;

const NANOS: u64 = 1_000_000_000;

/// The price of a request, in nanoseconds.
const PRICE: u64 = NANOS / A_SECOND;

static INSIDE: AtomicU32 = AtomicU32::new(0);

/// By caller, the time at which the requests that were let in are paid for (GCRA).
static PAID: LazyLock<Mutex<HashMap<Box<str>, u64>>> = LazyLock::new(Mutex::default);

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    /// The deadline of the request that is being polled.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The layer.
#[derive(Clone, Copy, Debug)]
pub struct Hand;

impl<S> Layer<S> for Hand {
    type Service = ByHand<S>;

    fn layer(&self, inner: S) -> ByHand<S> {
        ByHand(inner)
    }
}

/// The service of [`Hand`].
#[derive(Clone, Debug)]
pub struct ByHand<S>(S);

pin_project! {
    /// The future of [`ByHand`].
    pub struct Answer<F> {
        // `None` where the request was refused.
        #[pin]
        handler: Option<F>,
        deadline: Instant,
        #[pin]
        timer: Option<Sleep>,
        place: Option<Place>,
        left: u64,
    }
}

/// A place, until it is dropped.
struct Place;

impl Place {
    fn free() -> Option<Self> {
        let inside = INSIDE.fetch_add(1, Relaxed);
        let place = Self;
        (inside < AT_ONCE).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Relaxed);
    }
}

impl<S> Service<Request<Body>> for ByHand<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let now = Instant::now();
        let deadline = now + asked(request.headers()).unwrap_or(Duration::from_mins(1));
        let left = limited(request.headers(), now);
        let place = Place::free();
        let handler = if left.is_some() && place.is_some() && !is_keyed(&request) {
            let around = DEADLINE.replace(Some(deadline));
            let handler = self.0.call(request);
            DEADLINE.set(around);
            Some(handler)
        } else {
            None
        };
        Answer {
            handler,
            deadline,
            timer: None,
            place,
            left: left.unwrap_or(0),
        }
    }
}

/// Returns the shortest time that a header says.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let mut asked = None;
    for (name, value) in headers {
        let millis = match name.as_str() {
            "x-request-timeout-ms" | "x-envoy-expected-rq-timeout-ms" => 1,
            "grpc-timeout" => 1_000,
            _ => continue,
        };
        let number = value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u64>().ok());
        let time = number.map(|number| Duration::from_millis(number * millis));
        asked = asked.into_iter().chain(time).min();
    }
    asked
}

/// Lets a request of a caller in, and returns how many more would be let in; `None` if it is too early.
fn limited(headers: &HeaderMap, now: Instant) -> Option<u64> {
    let caller = headers.get(USER_AGENT)?.to_str().ok()?;
    let now = u64::try_from((now - *BEGAN).as_nanos()).ok()?;
    let mut paid = PAID.lock().expect("the callers");
    let Some(paid) = paid.get_mut(caller) else {
        paid.insert(caller.into(), now + PRICE);
        return Some(A_SECOND - 1);
    };
    let next = now.max(*paid) + PRICE;
    let ahead = next - now;
    if ahead > NANOS {
        return None;
    }
    *paid = next;
    Some((NANOS - ahead) / PRICE)
}

/// Returns whether the request is one that may have a key.
fn is_keyed(request: &Request<Body>) -> bool {
    [Method::POST, Method::PATCH].contains(request.method())
        && request.headers().contains_key("idempotency-key")
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Answer<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(handler) = this.handler.as_pin_mut() else {
            return Poll::Ready(Ok(refused(StatusCode::TOO_MANY_REQUESTS)));
        };
        if this.timer.is_none() && *this.deadline <= Instant::now() {
            return Poll::Ready(Ok(refused(StatusCode::GATEWAY_TIMEOUT)));
        }
        let around = DEADLINE.replace(Some(*this.deadline));
        let polled = handler.poll(cx);
        DEADLINE.set(around);
        if let Poll::Ready(answer) = polled {
            return Poll::Ready(answer.map(|answer| told(answer, this.place.take(), *this.left)));
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(*this.deadline)));
        }
        match this.timer.as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Ok(refused(StatusCode::GATEWAY_TIMEOUT))),
            _ => Poll::Pending,
        }
    }
}

fn refused(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Adds the headers, whose values are mostly the same and kept, and lets the body keep the place.
fn told(mut response: Response<Body>, place: Option<Place>, left: u64) -> Response<Body> {
    static KEPT: LazyLock<Vec<HeaderValue>> = LazyLock::new(|| {
        let value = |used: u64| {
            let text = format!("\"hand\";r={};t=1", A_SECOND - used);
            HeaderValue::from_static(text.leak())
        };
        (0..16).map(value).collect()
    });
    let headers = response.headers_mut();
    headers.append(POLICY, HeaderValue::from_static("\"hand\";q=1000000;w=1"));
    let used = usize::try_from(A_SECOND - left).expect("a count");
    let value = KEPT.get(used).cloned().unwrap_or_else(|| {
        let text = format!("\"hand\";r={left};t=1");
        HeaderValue::try_from(text).expect("a value")
    });
    headers.append(LIMIT, value);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = Body::new(UnsyncBoxBody::new(WithPlace { body, place }));
    response
}

pin_project! {
    struct WithPlace {
        #[pin]
        body: Body,
        place: Option<Place>,
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
        if frame.is_ready() && this.body.is_end_stream() {
            *this.place = None;
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
