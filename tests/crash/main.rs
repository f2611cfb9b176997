//! Real crashes: workers are processes, which the test kills with SIGKILL or stops with SIGSTOP at every
//! point where the protocol may be cut. Each worker writes what took place into a file, and syncs it.
//!
//! The test starts its own binary again as the workers (`child`). The store of a worker is wrapped
//! ([`staged`]): it says which point it has reached, and waits there to be killed.
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
