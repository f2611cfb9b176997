//! What the programs about the HTTP edge share: the app, its layers, and who sends the requests.

use axum::Router;
use axum::http::request::Parts;
use axum::routing::get;
use resil::http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer};
use resil::{BulkheadPolicy, RateLimitPolicy};

/// Returns the key of a caller.
#[must_use]
pub fn customer(request: &Parts) -> Option<String> {
    request
        .headers
        .get("user-agent")?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// Returns an app without layers. It answers with five bytes.
pub fn plain() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// Returns a layer with a bulkhead and a rate limit by caller, both wide enough for all.
pub fn admission() -> AdmissionLayer {
    AdmissionLayer::new("bench")
        .bulkhead(BulkheadPolicy::new().max(1000))
        .rate_limit(RateLimitPolicy::new().max(1_000_000))
        .key(customer)
}

/// Returns the app with a part of the layers, or with what one of them does by hand.
///
/// # Panics
///
/// If there is no such variant.
pub fn app(variant: &str) -> Router {
    let keys = || IdempotencyKeyLayer::new("bench", customer);
    match variant {
        "plain" => plain(),
        "deadline" => plain().layer(DeadlineLayer::new()),
        "keys" => plain().layer(keys()),
        "admission" => plain().layer(admission()),
        "empty" => plain().layer(AdmissionLayer::new("empty")),
        "bulkhead" => {
            plain().layer(AdmissionLayer::new("b").bulkhead(BulkheadPolicy::new().max(1000)))
        }
        "limit" => plain()
            .layer(AdmissionLayer::new("l").rate_limit(RateLimitPolicy::new().max(1_000_000))),
        "keyed" => plain().layer(
            AdmissionLayer::new("k")
                .rate_limit(RateLimitPolicy::new().max(1_000_000))
                .key(customer),
        ),
        "three" => plain()
            .layer(keys())
            .layer(admission())
            .layer(DeadlineLayer::new()),
        "tuple" => plain().layer((DeadlineLayer::new(), admission(), keys())),
        "identity" => plain().layer(tower::layer::util::Identity::new()),
        "headers" => Router::new().route(
            "/",
            get(|| async {
                (
                    [
                        ("ratelimit-policy", "\"bench\";q=1000000;w=1"),
                        ("ratelimit", "\"bench\";r=999999;t=1"),
                    ],
                    "hello",
                )
            }),
        ),
        _ => panic!("no such variant"),
    }
}

/// What sends a request.
#[derive(Clone, Debug)]
pub enum Sender {
    /// Plain reqwest.
    Reqwest(reqwest::Client),
    /// The client of resil.
    Resil(resil::Client),
}

impl Sender {
    /// Sends a request, and reads the whole answer.
    ///
    /// # Panics
    ///
    /// If it is not the answer of [`plain`].
    pub async fn send(&self, url: &str) {
        let bytes = match self {
            Self::Reqwest(client) => {
                let answer = client.get(url).send().await.expect("an answer");
                answer.bytes().await.expect("its body")
            }
            Self::Resil(client) => {
                let answer = client.get(url).send().await.expect("an answer");
                answer.bytes().await.expect("its body")
            }
        };
        assert_eq!(bytes.len(), 5);
    }
}
