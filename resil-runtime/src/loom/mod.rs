//! Models for `loom`, which runs them in every order that threads can interleave, over the very
//! code that users run. Of some (bulkheads, keys, windows) there are too many: these are run in every order in which
//! threads that could go on are interrupted at most three or four times.
//!
//! Each model asserts what must hold in each of these orders. It names steps of the code that can be left
//! out ([`broken`](crate::sync::broken)); without each of them the checker has to find a fault.
//! `scripts/loom` runs all. Time stands still here, so that nothing may depend on a timer; a lost
//! wake-up shows as a deadlock.

mod bulkhead;
mod circuit;
#[cfg(feature = "hedge")]
mod hedge;
mod in_flight;
mod keys;
mod model;
mod rate_limit;
mod retry;
mod sleep;
mod slots;
mod windows;

pub use self::model::Model;
pub use self::sleep::Sleep;

pub(crate) use self::model::{explore, explore_within};

/// Returns all models.
pub fn models() -> Vec<Model> {
    let mut all = Vec::new();
    all.extend_from_slice(bulkhead::MODELS);
    all.extend_from_slice(circuit::MODELS);
    all.extend_from_slice(windows::MODELS);
    all.extend_from_slice(in_flight::MODELS);
    all.extend_from_slice(keys::MODELS);
    all.extend_from_slice(rate_limit::MODELS);
    all.extend_from_slice(retry::MODELS);
    all.extend_from_slice(slots::MODELS);
    #[cfg(feature = "hedge")]
    all.extend_from_slice(hedge::MODELS);
    #[cfg(feature = "idempotent")]
    all.extend_from_slice(crate::idempotency::models::MODELS);
    all
}
