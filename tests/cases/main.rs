//! What other systems' suites, specifications and issue trackers assert, restated as facts and held
//! against resil: one module a system, one table a module, on paused time. The letters and numbers
//! of rows (K03, L07, ..) are those of our collection, `PUBLISHED_CASES.md`; all others bear the
//! name of the test that they are from.

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
mod failsafe_go;
mod finagle;
mod gobreaker;
mod grpc;
mod hierarchy;
mod jitter;
mod language;
mod language_errors;
mod microprofile;
mod polly;
mod resilience4j;
mod resilience4j_breaker;
mod smallrye;
mod trackers;
