//! Tests of breakers that need their inside: against a reference model, with many threads at once, and
//! by key.

mod keys;
mod model;
mod stress;
