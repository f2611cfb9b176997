//! The page in a real browser.
#![allow(
    clippy::disallowed_methods,
    reason = "browsers live in real time: there is no paused clock to be true to"
)]

mod access;
#[path = "../support/driver.rs"]
#[allow(dead_code, reason = "this target needs a part of it")]
mod driver;
#[path = "../support/functions.rs"]
mod functions;
#[path = "../support/in_time.rs"]
mod in_time;
mod live;
mod looks;
mod names;
mod steering;
