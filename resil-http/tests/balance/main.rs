//! Client-side load balancing, on paused time.

mod endpoints;
mod strategies;
mod support;
