//! Rate limits under threads, on other clocks, and by key.

mod bound;
mod keys;
mod model;
