//! Client-side load balancing, on paused time.

mod avoiding;
mod changes;
mod ejection;
mod endpoints;
mod load;
mod outcomes;
mod panicking;
mod slow_start;
mod strategies;
mod support;
