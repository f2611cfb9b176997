//! What threads do to each other, in every order that there is: models for `loom`, over the very
//! code that users run.
//!
//! Each says what must hold whoever comes first, and has variants of the code in which one step is
//! left out ([`broken`](crate::sync::broken)): in each of them the checker has to find the fault.
//! `scripts/loom` runs all. Time stands still here, so that what must happen must happen without a
//! timer; a wake-up that is lost shows as a deadlock.

mod circuit;
mod model;
mod retry;
mod sleep;
mod windows;

pub use self::model::Model;
pub use self::sleep::Sleep;

pub(crate) use self::model::{explore, explore_within};

/// All models.
pub fn models() -> Vec<Model> {
    let mut all = Vec::new();
    all.extend_from_slice(circuit::MODELS);
    all.extend_from_slice(windows::MODELS);
    all.extend_from_slice(crate::circuit::models::MODELS);
    all.extend_from_slice(retry::MODELS);
    #[cfg(feature = "idempotent")]
    all.extend_from_slice(crate::idempotency::models::MODELS);
    all
}
