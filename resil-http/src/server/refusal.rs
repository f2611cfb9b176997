//! The answer to a request that a layer refuses: a problem report, or a gRPC status.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use resil_runtime::Error;
use resil_runtime::edge::{pushback_ms, said_in_grpc};

use crate::names::{GRPC_PUSHBACK, GRPC_STATUS};

/// Returns whether a request is one of gRPC, by its content type: `application/grpc`, alone or with a codec or
/// parameters behind it.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";

    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let Some((begin, rest)) = content_type.as_bytes().split_at_checked(GRPC.len()) else {
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
    let (code, message) = said_in_grpc(&error);
    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(&GRPC_STATUS, HeaderValue::from(u16::from(code)));
    headers.insert("grpc-message", HeaderValue::from_static(message));
    if let Some(millis) = pushback_ms(&error) {
        headers.insert(&GRPC_PUSHBACK, HeaderValue::from(millis));
    }
    response.extensions_mut().insert(error);
    response
}
