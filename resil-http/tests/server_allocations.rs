//! What the layers of a server keep for the life of the process. It is a target of its own, as the allocator is
//! counted.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::time::Duration;

use allocation_counter::AllocationInfo;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use resil_http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer};
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::idempotency::IdempotentPolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use tokio::runtime::Runtime;
use tower::util::ServiceFn;
use tower::{Layer, Service, ServiceExt as _, service_fn};

type Handler = ServiceFn<fn(Request<Body>) -> Ready<Answer>>;
type Answer = Result<Response<Body>, Infallible>;

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn keys() -> IdempotencyKeyLayer {
    IdempotencyKeyLayer::new("kept.keys", |request| {
        let caller = request.headers.get("x-caller")?;
        caller.to_str().ok().map(str::to_owned)
    })
}

/// Sends a request through a service of a layer and a clone of that: a `POST`, if it has a key.
fn use_once<L>(runtime: &Runtime, layer: &L, key: Option<&'static str>)
where
    L: Layer<Handler>,
    L::Service: Service<Request<Body>, Response = Response<Body>, Error: Debug> + Clone,
{
    let handler: Handler = service_fn(|_| ready(Ok(Response::new(Body::empty()))));
    let service = layer.layer(handler);
    let request = || {
        let mut request = Request::new(Body::empty());
        let headers = request.headers_mut();
        headers.insert("x-caller", HeaderValue::from_static("me"));
        if let Some(key) = key {
            headers.insert("idempotency-key", HeaderValue::from_static(key));
            *request.method_mut() = Method::POST;
        }
        request
    };
    for service in [service.clone(), service] {
        let answer = runtime.block_on(service.oneshot(request())).unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

/// One after the other: what the first part would keep, the second one leaves no room for.
#[test]
fn what_the_layers_of_a_server_keep_is_bounded() {
    let runtime = runtime();
    the_same_layers_made_a_thousand_times_keep_nothing(&runtime);
    settings_that_all_differ_are_kept_up_to_a_bound(&runtime);
}

fn the_same_layers_made_a_thousand_times_keep_nothing(runtime: &Runtime) {
    let admission = || {
        AdmissionLayer::new("kept.admission")
            .bulkhead(BulkheadPolicy::new().max(10))
            .rate_limit(
                RateLimitPolicy::new()
                    .max(1)
                    .per(Duration::from_secs(3_600))
                    .burst(1_000_000),
            )
            .key(|request| Some(request.headers.get("x-caller")?.to_str().ok()?.to_owned()))
            .exempt(|request| request.headers.contains_key("x-probe"))
    };
    let by_header = || admission().key_header(HeaderName::from_static("x-caller"));
    let deadline = || DeadlineLayer::new().header(HeaderName::from_static("x-time"));
    let all_keys = || {
        let policy = IdempotentPolicy::new().ttl(Duration::from_secs(60));
        keys()
            .policy(policy)
            .methods([Method::POST])
            .replayed_headers([HeaderName::from_static("location")])
            .payload_headers([HeaderName::from_static("x-part")])
            .documentation("https://pay/keys")
            .record(|status| status.is_success())
    };
    // The state of the names, and the values of `RateLimit`, which are told of the first sixteen requests of a caller.
    let begin = || (0..20).for_each(|_| use_once(runtime, &admission(), None));
    let (_, bytes) = kept(allocation_counter::measure(begin));
    assert!(bytes < 16 * 1024, "{bytes} bytes of a name");
    let make = || {
        use_once(runtime, &keys(), None);
        use_once(runtime, &keys(), Some("plain"));
        use_once(runtime, &all_keys(), Some("all"));
        use_once(runtime, &admission(), None);
        use_once(runtime, &by_header(), None);
        use_once(runtime, &deadline(), None);
    };
    make();
    let counted = allocation_counter::measure(|| (0..1_000).for_each(|_| make()));
    assert_eq!(kept(counted), (0, 0), "{counted:?}");
}

fn settings_that_all_differ_are_kept_up_to_a_bound(runtime: &Runtime) {
    let make = |of: std::ops::Range<usize>| {
        let layers = of.map(|most| keys().max_request(most));
        let counted = || layers.for_each(|layer| use_once(runtime, &layer, None));
        kept(allocation_counter::measure(counted))
    };
    make(0..1);
    let (count, bytes) = make(1..100);
    assert!(count > 0 && bytes < 128 * 1024, "{count}, {bytes} bytes");
    assert_eq!(make(100..1_100), (0, 0));
}

/// Returns how many allocations are left, and of how many bytes.
fn kept(counted: AllocationInfo) -> (i64, i64) {
    (counted.count_current, counted.bytes_current)
}
