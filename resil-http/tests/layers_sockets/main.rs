//! The layers over real sockets, and on real threads: real time, bounded from above only.

#![allow(clippy::disallowed_methods, reason = "tests in real time")]

mod axum_server;
mod grpc;
mod hyper_client;
#[path = "../client/peer.rs"]
mod peer;
mod races;
#[path = "../support/mod.rs"]
mod support;
