//! LANGUAGE.md, section 16, on paused time: policies as values.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::items_after_statements,
    reason = "an item stands beside the lines that it is for"
)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(all(feature = "hedge", feature = "idempotent", feature = "serde"))]
mod configured;
mod errors;
#[cfg(feature = "hedge")]
mod hedged;
#[cfg(feature = "idempotent")]
mod idempotent;
mod in_both_forms;
mod rules;
mod same;
mod shapes;
mod single;
mod stacks;
