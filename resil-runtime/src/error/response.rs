//! [`Error`] as an HTTP response.

use std::fmt::Write as _;
use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use super::Error;

/// Converts the error into an HTTP response, so that a handler can return it, and a function can
/// return `axum::response::Result`.
///
/// | error | status |
/// |---|---|
/// | `Timeout` | 504 |
/// | `CircuitOpen` | 503 |
/// | `BulkheadFull`, `Cancelled` | 503 |
/// | `RateLimited` | 429 |
/// | idempotency: in progress, cut short, taken over | 409 |
/// | idempotency: another payload | 422 |
/// | idempotency: no key, or none that can be used | 400 |
/// | idempotency: the store is away, or full | 503 |
/// | idempotency: the result is lost, and all else | 500 |
///
/// The header `Retry-After` has the time of [`Error::retry_after`], rounded up to whole seconds. When a place
/// of a bulkhead will be free is not known: there it is one second, the least that it can say.
/// The body is a problem report (RFC 9457, `application/problem+json`) that names no function and
/// no circuit. The error itself is in the extensions of the response, for the layers around the
/// handler.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, detail) = said(&self);
        let wait = match &self {
            Self::BulkheadFull { .. } => Some(Duration::ZERO),
            error => error.retry_after(),
        };
        let mut response = problem_response(status, code, detail, "");
        if let Some(wait) = wait {
            let wait = HeaderValue::from(whole_seconds(wait));
            response.headers_mut().insert(RETRY_AFTER, wait);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Returns `wait` in whole seconds, rounded up and at least 1: `0` would say that there is nothing
/// to wait for.
fn whole_seconds(wait: Duration) -> u64 {
    let more = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(more).max(1)
}

/// Returns a problem report of no registered type, whose title is the phrase of the status. `code`
/// tells apart the errors of one status. None of the texts has a character that JSON escapes.
fn problem(status: StatusCode, code: &str, detail: &str, more: &str) -> String {
    let mut body = String::new();
    let title = status.canonical_reason().unwrap_or_default();
    let _ = write!(
        body,
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{},\
         \"detail\":\"{detail}\",\"code\":\"{code}\"{more}}}",
        status.as_u16()
    );
    body
}

/// Returns the answer to a request that is refused before any policy has seen it, in the form of those that a
/// policy refuses. Neither text may have a character that JSON escapes. `more` has more members, as JSON: each begins
/// with its comma.
pub fn problem_response(status: StatusCode, code: &str, detail: &str, more: &str) -> Response {
    let mut response = Response::new(Body::from(problem(status, code, detail, more)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Returns the status, a word for programs and a sentence for people.
fn said(error: &Error) -> (StatusCode, &'static str, &'static str) {
    match error {
        Error::Timeout { .. } => (
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            "The request took too long.",
        ),
        Error::CircuitOpen { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "circuit_open",
            "A service that this one needs is not available. Try again later.",
        ),
        Error::BulkheadFull { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "bulkhead_full",
            "Too many requests are in progress. Try again later.",
        ),
        Error::RateLimited { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests in a short time. Try again later.",
        ),
        Error::Cancelled => (
            StatusCode::SERVICE_UNAVAILABLE,
            "cancelled",
            "The request was given up before its turn. Try again.",
        ),
        Error::Injected { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "injected",
            "An error was injected on purpose. Try again.",
        ),
        #[cfg(feature = "idempotent")]
        Error::Idempotency(e) => idempotency(e),
    }
}

#[cfg(feature = "idempotent")]
fn idempotency(
    error: &crate::error::idempotency::IdempotencyError,
) -> (StatusCode, &'static str, &'static str) {
    use crate::error::idempotency::IdempotencyError as E;

    match error {
        E::InProgress { .. } => (
            StatusCode::CONFLICT,
            "in_progress",
            "A request with this idempotency key is in progress.",
        ),
        E::LeaseLost { .. } => (
            StatusCode::CONFLICT,
            "lease_lost",
            "Another request took over this idempotency key. Ask again for its result.",
        ),
        E::Indeterminate { .. } => (
            StatusCode::CONFLICT,
            "indeterminate",
            "A request with this idempotency key was cut short and may have taken effect.",
        ),
        E::KeyReused { .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "key_reused",
            "This idempotency key was used before with another payload.",
        ),
        E::InvalidKey { .. } => (
            StatusCode::BAD_REQUEST,
            "invalid_key",
            "The idempotency key is missing or can't be used.",
        ),
        E::Store { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "Idempotency keys can't be looked up. Try again later.",
        ),
        E::Full { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_in_progress",
            "Too many requests with idempotency keys are in progress. Try again later.",
        ),
        E::NotStored { .. } | E::Undecodable { .. } => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "result_lost",
            "The request with this idempotency key is done, and its result is lost.",
        ),
        _ => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "not_idempotent",
            "The request could not be made idempotent.",
        ),
    }
}
