//! The names of headers that several parts of the crate read and write.

#![cfg_attr(
    not(all(feature = "axum", feature = "client")),
    allow(dead_code, reason = "each part uses its own")
)]

use http::HeaderName;

/// Makes a request safe to repeat (draft-ietf-httpapi-idempotency-key-header).
pub(crate) static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The status of a call of gRPC.
pub(crate) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// When a call of gRPC may be made again, in milliseconds (gRPC A6).
pub(crate) static GRPC_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// How long the caller waits: at most eight digits, and a unit (gRPC over HTTP/2).
pub(crate) static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What Envoy has left of the time of its route, in milliseconds.
pub(crate) static ENVOY_EXPECTED: HeaderName =
    HeaderName::from_static("x-envoy-expected-rq-timeout-ms");

/// How long the caller waits, in milliseconds: the header of our own.
pub(crate) const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");
