//! The answer to a request that a layer refuses: a problem report, or a gRPC status.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use resil_runtime::Error;

/// The longest push-back that clients of gRPC can read: they read an `int32`.
const LONGEST: u128 = i32::MAX as u128;

/// Returns whether a request is one of gRPC, by its content type: `application/grpc`, alone or with a codec or
/// parameters behind it.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(is_grpc_type)
}

/// Returns whether a content type is that of gRPC.
pub(super) fn is_grpc_type(content_type: &HeaderValue) -> bool {
    const GRPC: &[u8] = b"application/grpc";

    let content_type = content_type.as_bytes();
    let Some((begin, rest)) = content_type.split_at_checked(GRPC.len()) else {
        return false;
    };
    begin.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

/// Returns the answer that says that `error` refused the request.
#[cold]
pub(super) fn refuse(error: Error, is_grpc: bool) -> Response {
    if is_grpc {
        grpc(error)
    } else {
        error.into_response()
    }
}

/// Returns an answer of trailers alone: status 200, no body, and the status of gRPC among the headers.
fn grpc(error: Error) -> Response {
    let (code, message) = match &error {
        Error::Timeout { .. } => ("4", "the call took too long"),
        Error::BulkheadFull { .. } => ("8", "too many calls are in progress; try again later"),
        Error::RateLimited { .. } => ("8", "too many calls in a short time; try again later"),
        _ => ("14", "the call was given up before its turn; try again"),
    };
    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(code));
    headers.insert("grpc-message", HeaderValue::from_static(message));
    if let Some(wait) = error.retry_after() {
        let millis = wait.as_nanos().div_ceil(1_000_000).min(LONGEST);
        let millis = HeaderValue::from(u64::try_from(millis).unwrap_or_default());
        headers.insert("grpc-retry-pushback-ms", millis);
    }
    response.extensions_mut().insert(error);
    response
}
