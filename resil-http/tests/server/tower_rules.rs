//! What tower asks of a layer: a service is ready before it is called, and the one that was ready is called.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use http::{Request, Response};
use resil_http::server::{AdmissionLayer, DeadlineLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::{KeyedRateLimit, rate_limit};
use tower::{Service, ServiceExt as _};
use tower_layer::Layer as _;
use tower_test::mock::{self, Mock};

use crate::request;

/// A service that must be ready before each call; a clone of it is not.
#[derive(Debug, Default)]
struct Picky {
    is_ready: bool,
}

impl Clone for Picky {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<Body>> for Picky {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "it was not ready");
        ready(Ok(Response::new(Body::empty())))
    }
}

fn admission(name: &str) -> AdmissionLayer {
    AdmissionLayer::new(name).bulkhead(BulkheadPolicy::new())
}

#[tokio::test(start_paused = true)]
async fn the_service_that_was_ready_is_called() {
    let mut deadline = DeadlineLayer::new().layer(Picky::default());
    let mut admission = admission("tower.ready").layer(Picky::default());
    for _ in 0..3 {
        let service = deadline.ready().await.unwrap();
        assert_eq!(service.call(request("/", &[])).await.unwrap().status(), 200);
        let service = admission.ready().await.unwrap();
        assert_eq!(service.call(request("/", &[])).await.unwrap().status(), 200);
    }
}

type Inner = Mock<Request<Body>, Response<Body>>;

#[tokio::test(start_paused = true)]
async fn readiness_is_that_of_the_service_inside() {
    let deadline = DeadlineLayer::new();
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| deadline.layer(inner));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let admission = admission("tower.readiness");
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| admission.layer(inner));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_service_inside_goes_through() {
    let layer = admission("tower.error");
    let (mut service, mut handle) = mock::spawn_with(|inner: Inner| layer.layer(inner));
    handle.send_error("broken");
    assert!(
        matches!(service.poll_ready(), Poll::Ready(Err(error)) if error.to_string() == "broken")
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_has_captured_goes_with_it() {
    let (key, exempt) = (Arc::new("caller"), Arc::new("/live"));
    let (of_key, of_exempt) = (Arc::clone(&key), Arc::clone(&exempt));
    let layer = AdmissionLayer::new("tower.captured")
        .rate_limit(RateLimitPolicy::new())
        .key(move |_| Some(*of_key))
        .exempt(move |request| request.uri.path() == *of_exempt);
    let mut service = layer.layer(Picky::default());
    for path in ["/", "/live"] {
        let service = service.ready().await.unwrap();
        service.call(request(path, &[])).await.unwrap();
    }
    let keys = rate_limit("tower.captured").keys();
    assert_eq!(
        keys.iter().map(KeyedRateLimit::key).collect::<Vec<_>>(),
        ["caller"]
    );
    drop((layer, service));
    assert_eq!(
        (Arc::strong_count(&key), Arc::strong_count(&exempt)),
        (1, 1)
    );
}
