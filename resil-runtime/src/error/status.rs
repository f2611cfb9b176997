//! [`Error`] as a gRPC status.

use std::sync::Arc;

use ::tonic::{Code, Status};

use super::Error;
use super::grpc::{pushback_ms, said};

/// Converts the error into a gRPC status, so that a function or a handler can return
/// `tonic::Status`.
///
/// | error | code |
/// |---|---|
/// | `Timeout` | `DeadlineExceeded` |
/// | `CircuitOpen`, `Cancelled` | `Unavailable` |
/// | `BulkheadFull`, `RateLimited` | `ResourceExhausted` |
/// | idempotency: in progress, taken over | `Aborted` |
/// | idempotency: another payload, cut short | `FailedPrecondition`: no other attempt can mend it |
/// | idempotency: no key, or none that can be used | `InvalidArgument` |
/// | idempotency: the result is lost | `DataLoss` |
/// | idempotency: the store is away | `Unavailable` |
/// | idempotency: the store is full | `ResourceExhausted` |
/// | idempotency: all else | `Internal` |
///
/// The time of [`Error::retry_after`] is sent as the push-back of gRPC A6,
/// `grpc-retry-pushback-ms`, which clients with a retry policy obey. The message is sent too, and
/// names no function and no circuit. The error itself is the [`source`](std::error::Error::source)
/// of the status: it is not sent, but within this process a `#[retry]` or a `#[circuit]` around
/// recognises it, and `Debug` shows it.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let (code, message) = said(&error);
        let mut status = Self::new(Code::from_i32(code.into()), message);
        if let Some(pushback) = pushback_ms(&error) {
            status
                .metadata_mut()
                .insert("grpc-retry-pushback-ms", pushback.into());
        }
        status.set_source(Arc::new(error));
        status
    }
}
