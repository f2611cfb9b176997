//! The gateway: limits and keys on the way in, retries and a choice of backends on the way out.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use resil::http::balance::{Balancer, Endpoints, SlowStart};
use resil::http::client::{self, ClientError};
use resil::http::server::{AdmissionLayer, DeadlineLayer, IdempotencyKeyLayer, liveness};
use resil::{BulkheadPolicy, CircuitPolicy, Client, RateLimitPolicy, RetryPolicy};

/// How often an attempt of a request was made, as the gateway tells its customers.
pub(crate) const ATTEMPTS: &str = "x-attempts";
pub(crate) const BACKEND: &str = "x-backend";
const KEY: &str = "idempotency-key";

/// Makes the gateway in front of the backends at these URLs.
pub(crate) fn router(backends: Vec<String>) -> Result<(Router, Client), Box<dyn Error>> {
    // A backend that fails three times in a row is left out, and probed every half second.
    let ejection = CircuitPolicy::new()
        .failures(3)
        .open_for(Duration::from_millis(500))
        .open_max(Duration::from_millis(500));
    let balancer = Balancer::builder("shop.backends", Endpoints::list(backends)?)
        .ejection(ejection)
        .slow_start(SlowStart::over(Duration::from_secs(1)))
        .build()?;
    let retry = RetryPolicy::new().max(4).base(Duration::from_millis(20));
    let client = Client::builder("shop")
        .balancer(balancer)
        .retry(retry)
        .connect(Duration::from_millis(200))
        .attempt(Duration::from_millis(500))
        .total(Duration::from_secs(2))
        .deadline_header(client::DeadlineHeader::millis())
        .build()?;

    let deadline = DeadlineLayer::new().max(Duration::from_secs(5));
    let keys = IdempotencyKeyLayer::new("gateway", customer);
    let admission = AdmissionLayer::new("gateway")
        .bulkhead(BulkheadPolicy::new().max(256))
        .rate_limit(RateLimitPolicy::new().max(200))
        .key(customer)
        .exempt(|request| request.uri.path() == "/live");
    let app = Router::new()
        .route("/price/{item}", get(price))
        .route("/orders", post(order))
        .route("/live", get(liveness))
        .with_state(client.clone())
        // The order of an ordinary server: the first one is the outermost.
        .layer((deadline, admission, keys));
    Ok((app, client))
}

/// Returns who calls: limits and keys are those of a customer.
fn customer(request: &axum::http::request::Parts) -> Option<String> {
    let customer = request.headers.get("x-customer")?;
    customer.to_str().ok().map(str::to_owned)
}

async fn price(State(client): State<Client>, Path(item): Path<String>) -> Response {
    let answer = client.get(&format!("/price/{item}")).send().await;
    pass_on(answer).await
}

/// Passes an order on with its key: so the client may send it again, whatever became of an attempt.
async fn order(State(client): State<Client>, headers: HeaderMap, order: Bytes) -> Response {
    let mut request = client.post("/orders").body(order);
    if let Some(key) = headers.get(KEY) {
        request = request.header(KEY, key.clone());
    }
    pass_on(request.send().await).await
}

async fn pass_on(answer: Result<client::Response, ClientError>) -> Response {
    let told = async {
        let answer = answer?;
        let (status, attempts) = (answer.status(), answer.attempts());
        let backend = answer.headers().get(BACKEND).cloned();
        Ok::<_, ClientError>((status, attempts, backend, answer.bytes().await?))
    };
    match told.await {
        Ok((status, attempts, backend, body)) => {
            let mut response = (status, body).into_response();
            let headers = response.headers_mut();
            headers.insert(ATTEMPTS, HeaderValue::from(attempts));
            if let Some(backend) = backend {
                headers.insert(BACKEND, backend);
            }
            response
        }
        Err(ClientError::Refused(refusal)) => refusal.into_response(),
        Err(e) if e.is_timeout() => (StatusCode::GATEWAY_TIMEOUT, e.to_string()).into_response(),
        Err(e) => (StatusCode::BAD_GATEWAY, e.to_string()).into_response(),
    }
}
