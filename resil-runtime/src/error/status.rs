//! [`Error`] as a gRPC status.

use std::sync::Arc;

use ::tonic::{Code, Status};

use super::Error;

/// A `tonic::Status` serves as a function's error type, and a handler may answer with it.
///
/// | error | code |
/// |---|---|
/// | `Timeout` | `DeadlineExceeded` |
/// | `CircuitOpen` | `Unavailable` |
/// | idempotency: in progress, another payload, cut short, taken over | `Aborted`, `FailedPrecondition` for what no other try can mend |
/// | idempotency: no key, or none that can be used | `InvalidArgument` |
/// | idempotency: the result is lost | `DataLoss` |
/// | idempotency: the store is away, or full | `Unavailable`, `ResourceExhausted` |
///
/// What the error knows of the time to wait ([`Error::retry_after`]) goes along as the push-back of
/// gRPC A6, `grpc-retry-pushback-ms`, which clients with a retry policy keep to. The message names
/// no function and no circuit, for it goes over the wire. The error itself is the status's
/// [`source`](std::error::Error::source): in this process a `#[retry]` or a `#[circuit]` around
/// knows it again, and `Debug` shows it; it is not sent.
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
        #[cfg(feature = "idempotent")]
        Error::Idempotency(e) => idempotency(e),
    }
}

#[cfg(feature = "idempotent")]
fn idempotency(error: &crate::idempotency::IdempotencyError) -> (Code, &'static str) {
    use crate::idempotency::IdempotencyError as E;

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
