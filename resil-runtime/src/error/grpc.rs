//! [`Error`] in the words of gRPC: a code, a message and a push-back.

use super::Error;

#[cfg(feature = "idempotent")]
const INVALID_ARGUMENT: u8 = 3;
const DEADLINE_EXCEEDED: u8 = 4;
const RESOURCE_EXHAUSTED: u8 = 8;
#[cfg(feature = "idempotent")]
const FAILED_PRECONDITION: u8 = 9;
#[cfg(feature = "idempotent")]
const ABORTED: u8 = 10;
#[cfg(feature = "idempotent")]
const INTERNAL: u8 = 13;
const UNAVAILABLE: u8 = 14;
#[cfg(feature = "idempotent")]
const DATA_LOSS: u8 = 15;

/// Returns the push-back of an error in milliseconds, rounded up. Clients read it as an `int32`.
pub fn pushback_ms(error: &Error) -> Option<u64> {
    const LONGEST: u128 = i32::MAX as u128;

    let millis = error.retry_after()?.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis.min(LONGEST)).ok()
}

/// Returns the number of the code of an error, and a sentence that names no function and no circuit.
pub fn said(error: &Error) -> (u8, &'static str) {
    match error {
        Error::Timeout { .. } => (DEADLINE_EXCEEDED, "the call took too long"),
        Error::CircuitOpen { .. } => (
            UNAVAILABLE,
            "a service that this one needs is not available; try again later",
        ),
        Error::BulkheadFull { .. } => (
            RESOURCE_EXHAUSTED,
            "too many calls are in progress; try again later",
        ),
        Error::RateLimited { .. } => (
            RESOURCE_EXHAUSTED,
            "too many calls in a short time; try again later",
        ),
        Error::Cancelled => (
            UNAVAILABLE,
            "the call was given up before its turn; try again",
        ),
        Error::Injected { .. } => (UNAVAILABLE, "an error was injected on purpose; try again"),
        #[cfg(feature = "idempotent")]
        Error::Idempotency(e) => idempotency(e),
    }
}

#[cfg(feature = "idempotent")]
fn idempotency(error: &crate::error::idempotency::IdempotencyError) -> (u8, &'static str) {
    use crate::error::idempotency::IdempotencyError as E;

    match error {
        E::InProgress { .. } => (ABORTED, "a call with this idempotency key is in progress"),
        E::LeaseLost { .. } => (ABORTED, "another call took over this idempotency key"),
        E::KeyReused { .. } => (
            FAILED_PRECONDITION,
            "this idempotency key was used before with another payload",
        ),
        E::Indeterminate { .. } => (
            FAILED_PRECONDITION,
            "a call with this idempotency key was cut short, and may have taken effect",
        ),
        E::NotStored { .. } | E::Undecodable { .. } => (
            DATA_LOSS,
            "the call with this idempotency key is done, and its result is lost",
        ),
        E::InvalidKey { .. } => (
            INVALID_ARGUMENT,
            "the idempotency key is missing or can't be used",
        ),
        E::Store { .. } => (
            UNAVAILABLE,
            "idempotency keys can't be looked up; try again later",
        ),
        E::Full { .. } => (
            RESOURCE_EXHAUSTED,
            "too many calls with idempotency keys are in progress",
        ),
        _ => (INTERNAL, "the call could not be made idempotent"),
    }
}
