//! Holds resil to the suites, specifications and issue trackers of other systems, restated as facts:
//! one module a system, one table a module, on paused time. The letters and numbers of rows (K03, L07,
//! ..) are those of `docs/published-cases.md`; a row without one bears the name of the test that it is
//! from. Where a rule of `LANGUAGE.md` differs on purpose, the case is kept with resil's expectation,
//! and the row says "ours".
//!
//! | out of scope, for want of the policy | cases |
//! |---|---|
//! | throttles that refuse first tries | J06, J07 |
//! | cache | L10 |
//! | budgets by concurrency | J03, J05 |
//!
//! The suites of bulkheads, rate limiters, hedging and fallbacks are small: `places`, `limiters`,
//! `hedging` and `fallbacks` have those of all systems, a table a system. D01 to D04 are in
//! `tests/bulkhead/cases.rs`.
//!
//! The modules `complaints_..` replay what users of other libraries reported in public threads, a
//! test a thread, named by project and number.
//!
//! Each module lists the cases that other targets have; F02 and F03 are in `tests/circuit/slow.rs`.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and each row declares its function"
)]
#![allow(
    clippy::doc_markdown,
    reason = "names of other projects, and of files in them"
)]

#[path = "../support/mod.rs"]
mod support;

mod stage;

mod aws;
mod by_hand;
mod complaints_circuit;
mod complaints_deadline;
mod complaints_keys;
mod complaints_once;
mod complaints_retry;
mod failsafe_go;
mod fallbacks;
mod finagle;
mod gobreaker;
mod grpc;
mod hedging;
mod hierarchy;
mod jitter;
mod language;
mod language_errors;
mod limiters;
mod microprofile;
mod places;
mod polly;
mod resilience4j;
mod resilience4j_breaker;
mod smallrye;
mod trackers;
