//! The layers of tower, on a paused clock: tower's own contract, what is sent again, and what an answer means.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests drive the paused clock"
)]

mod bodies;
mod contract;
mod each;
mod fuzz;
mod hedges;
mod idempotent;
mod reservations;
mod stalled;
mod support;
mod table;
