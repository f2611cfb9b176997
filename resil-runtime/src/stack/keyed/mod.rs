//! `#[idempotent]` as a value: [`IdempotentPolicy::run`], and a stack under a claim.
//!
//! A call here goes through what an annotated function goes through: the site, the claim and the codec of
//! [`idempotency`](crate::idempotency). What is under the claim shares the state of the call with it, so that
//! the claim learns of an attempt that a timeout has cut.
//!
//! [`IdempotentPolicy::run`]: crate::idempotency::IdempotentPolicy::run

mod call;
mod policy;
mod run;
mod value;
mod weigh;

pub use self::call::KeyedRun;
pub use self::value::KeyedStack;
pub use self::weigh::{
    ErrorsForgotten, ErrorsStored, ForgetsOk, Matching, OksRecorded, StoresErrors,
};
