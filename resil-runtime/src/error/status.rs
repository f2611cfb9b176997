//! [`Error`] as a gRPC status.

use std::sync::Arc;

use ::tonic::{Code, Status};

use super::Error;

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
        let mut status = Self::new(code, message);
        if let Some(wait) = error.retry_after() {
            // Clients read it as an `int32`.
            const LONGEST: u128 = i32::MAX as u128;
            let millis = wait.as_nanos().div_ceil(1_000_000).min(LONGEST);
            let pushback = u64::try_from(millis).unwrap_or_default();
            status
                .metadata_mut()
                .insert("grpc-retry-pushback-ms", pushback.into());
        }
        status.set_source(Arc::new(error));
        status
    }
}

fn said(error: &Error) -> (Code, &'static str) {
    match error {
        Error::Timeout { .. } => (Code::DeadlineExceeded, "the call took too long"),
        Error::CircuitOpen { .. } => (
            Code::Unavailable,
            "a service that this one needs is not available; try again later",
        ),
        Error::BulkheadFull { .. } => (
            Code::ResourceExhausted,
            "too many calls are in progress; try again later",
        ),
        Error::RateLimited { .. } => (
            Code::ResourceExhausted,
            "too many calls in a short time; try again later",
        ),
        Error::Cancelled => (
            Code::Unavailable,
            "the call was given up before its turn; try again",
        ),
        Error::Injected { .. } => (
            Code::Unavailable,
            "an error was injected on purpose; try again",
        ),
        #[cfg(feature = "idempotent")]
        Error::Idempotency(e) => idempotency(e),
    }
}

#[cfg(feature = "idempotent")]
fn idempotency(error: &crate::error::idempotency::IdempotencyError) -> (Code, &'static str) {
    use crate::error::idempotency::IdempotencyError as E;

    match error {
        E::InProgress { .. } => (
            Code::Aborted,
            "a call with this idempotency key is in progress",
        ),
        E::LeaseLost { .. } => (Code::Aborted, "another call took over this idempotency key"),
        E::KeyReused { .. } => (
            Code::FailedPrecondition,
            "this idempotency key was used before with another payload",
        ),
        E::Indeterminate { .. } => (
            Code::FailedPrecondition,
            "a call with this idempotency key was cut short, and may have taken effect",
        ),
        E::NotStored { .. } | E::Undecodable { .. } => (
            Code::DataLoss,
            "the call with this idempotency key is done, and its result is lost",
        ),
        E::InvalidKey { .. } => (
            Code::InvalidArgument,
            "the idempotency key is missing or can't be used",
        ),
        E::Store { .. } => (
            Code::Unavailable,
            "idempotency keys can't be looked up; try again later",
        ),
        E::Full { .. } => (
            Code::ResourceExhausted,
            "too many calls with idempotency keys are in progress",
        ),
        _ => (Code::Internal, "the call could not be made idempotent"),
    }
}
