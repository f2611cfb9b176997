//! `IdempotencyKeyLayer`, on paused time: the rules of the draft and of Stripe as a table of cases, and what is
//! ours.

#![allow(
    clippy::disallowed_methods,
    reason = "tests wait on the paused clock themselves"
)]

mod answers;
mod callers;
mod draft;
mod owners;
mod payloads;
mod places;
mod stripe;
mod support;
mod tower_rules;
