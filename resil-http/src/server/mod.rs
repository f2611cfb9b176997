//! The server side, for axum.

mod idempotency_key;

pub use self::idempotency_key::{IdempotencyKeyFuture, IdempotencyKeyLayer, IdempotencyKeyService};
