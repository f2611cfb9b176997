//! What a call costs under each policy of resil, beside the same work by hand and by its peers.
//!
//! `scripts/bench` runs it; docs/performance.md says how it measures and what came out.
//!
//! A *row* is one line of the table: the same work done by several *contestants*. `bare` does the
//! work without a policy, `hand` is the least code that does what the policy has to do, `resil` is
//! us, and the others are the peers.

#[cfg(feature = "edge")]
pub mod edge;
pub mod goals;
pub mod harness;
#[cfg(feature = "peers")]
mod peers;
pub mod rows;
pub mod work;
