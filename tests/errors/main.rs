//! LANGUAGE.md, section 7, rule by rule, on paused time: errors that say what they are, refusals that
//! are known again across functions, and what a handler answers.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "tests read the paused clock themselves, and each declares its types and functions"
)]

mod across_functions;
#[cfg(any(feature = "axum", feature = "tonic"))]
mod answers;
mod chain;
mod classify;
#[cfg(all(
    feature = "http",
    feature = "redis",
    feature = "reqwest",
    feature = "tonic"
))]
mod of_other_crates;
#[path = "../support/mod.rs"]
mod support;
