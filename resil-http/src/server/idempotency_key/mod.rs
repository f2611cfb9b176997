//! `Idempotency-Key`: a request that comes again with its key is answered as the first time, and has no second
//! effect.
//!
//! `draft-ietf-httpapi-idempotency-key-header`, and what Stripe documents of its API. The claim, the waits and the
//! records are those of `#[idempotent]`, over the same stores: see `resil::idempotency`.

mod answer;
mod handler;
mod key;
mod layer;
mod payload;
mod run;
mod service;
mod settings;
mod stage;

pub use self::layer::IdempotencyKeyLayer;
pub use self::service::{IdempotencyKeyFuture, IdempotencyKeyService};
