//! The spans and events of the feature `tracing`, as a subscriber of the user's gets them.

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
