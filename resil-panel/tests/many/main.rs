//! A page with hundreds of functions and circuits, in a process of its own: the pages of other tests would
//! show these before their own.
#![allow(
    clippy::disallowed_methods,
    reason = "browsers live in real time: there is no paused clock to be true to"
)]

#[path = "../support/driver.rs"]
#[allow(dead_code, reason = "this target needs a part of it")]
mod driver;
#[path = "../support/functions.rs"]
mod functions;
mod functions_by_the_hundred;
