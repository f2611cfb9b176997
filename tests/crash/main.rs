//! Real crashes: workers are processes, killed with SIGKILL or stopped with SIGSTOP by the test,
//! wherever the protocol may be cut. What took place is read from a file that each of them syncs.
//!
//! The test starts its own binary again as the workers (`child`). How a worker comes to stand at a
//! point: its store is wrapped ([`staged`]), says where it is and waits there to be killed.
//!
//! Each point is killed ten times, or as often as `RESIL_KILLS` says.
#![allow(
    clippy::disallowed_methods,
    reason = "processes and their stores share no clock that could be paused"
)]

mod child;
mod kill;
mod ledger;
mod place;
mod process;
mod staged;
mod stop;
