//! What the programs about the HTTP edge share: the app, its layers, and who sends the requests.

use axum::Router;
use axum::http::request::Parts;
use axum::routing::get;
use resil::http::server::AdmissionLayer;
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
