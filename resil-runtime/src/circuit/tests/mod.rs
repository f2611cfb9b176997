//! Tests of one breaker that need its inside: against a reference model, and with many threads at
//! once.

mod model;
mod stress;
