//! `IdempotencyKeyLayer` over real sockets and on every store, in real time: clients that hang up in the middle of
//! a request, and come again.

#![allow(
    clippy::disallowed_methods,
    reason = "real sockets, files and servers, real time"
)]

mod hanging_up;
mod server;
mod stores;
#[path = "../support/mod.rs"]
mod support;
