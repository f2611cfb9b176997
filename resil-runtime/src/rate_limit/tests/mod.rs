//! Rate limits under threads, on other clocks, and by key.

mod bound;
#[cfg(feature = "edge")]
mod came;
mod keys;
mod model;
#[cfg(feature = "control")]
mod replaced;
