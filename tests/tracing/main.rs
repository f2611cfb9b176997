//! The spans and events of the feature `tracing`, as a subscriber of the user's gets them.

#![allow(
    clippy::disallowed_methods,
    clippy::items_after_statements,
    clippy::unused_self,
    reason = "time is paused; an item stands beside the lines that it is for; and methods are tried as such"
)]

#[path = "../support/mod.rs"]
mod support;

mod collect;
mod drops;
mod events;
mod privacy;
mod shapes;
mod spans;
mod subscribers;
mod telemetry;
mod values;
